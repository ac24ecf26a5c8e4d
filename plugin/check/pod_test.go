package check

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// others are the findings that are not those of a pod of which all is well.
func others(t *testing.T, findings []Finding) []Finding {
	t.Helper()
	well := map[Finding]bool{}
	for _, f := range podFindings(healthy(t)) {
		well[f] = true
	}
	var rest []Finding
	for _, f := range findings {
		if !well[f] {
			rest = append(rest, f)
		}
	}
	return rest
}

func setEnv(name, value string) func(*podFacts) {
	return func(f *podFacts) {
		f.pod.Spec.Containers[0].Env = append(f.pod.Spec.Containers[0].Env, corev1.EnvVar{Name: name, Value: value})
	}
}

func sidecarIs(status corev1.ContainerStatus) func(*podFacts) {
	status.Name = contract.ContainerName
	return func(f *podFacts) { f.pod.Status.InitContainerStatuses = []corev1.ContainerStatus{status} }
}

func says(sentence string) func(*podFacts) {
	return func(f *podFacts) { f.warned, f.warnedAt = sentence, noon.Add(-time.Minute) }
}

func uninjected(f *podFacts) {
	f.pod.Spec.InitContainers, f.pod.Spec.Volumes, f.pod.Annotations = nil, nil, nil
}

func ownToken(f *podFacts) {
	f.pod.Spec.InitContainers = nil
	f.pod.Spec.Volumes[0].Name = contract.WebIdentityVolumeName
	f.pod.Annotations[contract.AnnotationStatus] = "injected: the application has the token"
}

func unassociated(f *podFacts) {
	f.identities.Index.Delete("checkout")
	delete(f.pod.Annotations, contract.AnnotationIdentity)
}

func serviceAccountOf(f *podFacts) association.ServiceAccount { return cluster.ServiceAccount(f.pod) }

func running() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(time.Minute)}}
}

// separate gives a role to the container app for itself, and lets the sidecar know these critical fields.
func separate(t *testing.T, f *podFacts, known string) {
	t.Helper()
	own := associate("agent", "shop", "checkout", inEffect())
	own.Spec.Container = f.pod.Spec.Containers[0].Name
	f.identities = identities(t, associate("checkout", "shop", "checkout", inEffect()), own)
	f.pod.Annotations[contract.AnnotationIdentity] = f.identities.Of(f.pod).String()
	f.pod.Spec.InitContainers[0].Env = []corev1.EnvVar{{Name: contract.EnvCriticalFields, Value: known}}
}

func TestEachFaultOfAPodHasALineAndARemedy(t *testing.T) {
	var g golden
	g.add(t, "all is well", podFindings(healthy(t)))
	for _, test := range []struct {
		sentence string
		change   func(*podFacts)
	}{
		{"the namespace has no label", func(f *podFacts) { f.namespace.Labels = nil; uninjected(f) }},
		{"the label is misspelt", func(f *podFacts) { f.namespace.Labels[contract.LabelInject] = "Enabled" }},
		{"the namespace is excluded", func(f *podFacts) { f.namespace.Name = "kube-system" }},
		{"the pod opted out", func(f *podFacts) {
			uninjected(f)
			f.pod.Annotations = map[string]string{contract.AnnotationInject: "false"}
		}},
		{"the webhook was not called", uninjected},
		{"the webhook left the pod alone", func(f *podFacts) {
			uninjected(f)
			f.pod.Annotations = map[string]string{contract.AnnotationStatus: "skipped: hostNetwork would expose the credentials to every process on the node; remove it to get credentials"}
		}},
		{"something removed the sidecar", func(f *podFacts) { f.pod.Spec.InitContainers = nil }},
		{"the pod has a token of its own", ownToken},
		{"the pod has a token of its own, and its association has changed", func(f *podFacts) {
			ownToken(f)
			f.pod.Annotations[contract.AnnotationIdentity] = contract.Identity{Association: "checkout", RoleARN: roleARN + "former"}.String()
		}},
		{"the webhook noted something", func(f *podFacts) {
			f.pod.Annotations[contract.AnnotationStatus] = "injected; annotation podidentity.dev/port is \"x\", not a port"
		}},
		{"the sidecar is of another release", func(f *podFacts) { f.pod.Spec.InitContainers[0].Image = "registry.example.com/sidecar:v1" }},
		{"nothing gives the pod an identity", unassociated},
		{"the annotation of the service account gives it", func(f *podFacts) {
			unassociated(f)
			f.identities.Index.SetRole(serviceAccountOf(f), roleARN+"annotated")
			f.pod.Annotations[contract.AnnotationIdentity] = contract.Identity{RoleARN: roleARN + "annotated"}.String()
		}},
		{"others lose", func(f *podFacts) {
			f.identities = identities(t, associate("checkout", "shop", "checkout", inEffect()), associate("all", "*", "*", inEffect()))
			f.identities.Index.SetRole(serviceAccountOf(f), roleARN+"annotated")
		}},
		{"a container has a role for itself, which STS refuses", func(f *podFacts) {
			separate(t, f, "containers")
			says("container app: STS refuses role " + roleARN + "agent: AccessDenied: no")(f)
		}},
		{"a container has a role for itself, and the sidecar is too old for that", func(f *podFacts) { separate(t, f, "") }},
		{"the association is not ready", func(f *podFacts) {
			f.identities = identities(t, associate("checkout", "shop", "checkout", notReady(v1alpha1.ReasonNoNewCredentials, "1 of 1 pods get no new credentials; the sidecar of pod shop/x says: STS refuses role r: AccessDenied: no")))
		}},
		{"the association came after the pod", func(f *podFacts) { delete(f.pod.Annotations, contract.AnnotationIdentity) }},
		{"the pod is young", func(f *podFacts) {
			delete(f.pod.Annotations, contract.AnnotationIdentity)
			f.pod.CreationTimestamp = ago(3 * time.Second)
		}},
		{"its labels are session tags, as the association lists them", taggedByLabels},
		{"the session tags are those of labels of before", func(f *podFacts) { taggedByLabels(f); f.pod.Labels["team"] = "bank" }},
		{"the identity cannot be read", func(f *podFacts) { f.pod.Annotations[contract.AnnotationIdentity] = "{" }},
		{"the token has another audience", func(f *podFacts) { f.installation.Config.Injection.Audience = "sts.example.com" }},
		{"the token is missing", func(f *podFacts) { f.pod.Spec.Volumes[0].Projected.Sources = nil }},
		{"the pod waits for a node", func(f *podFacts) {
			f.pod.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/1 nodes are available"}}}
		}},
		{"the image cannot be pulled", sidecarIs(corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "Back-off pulling image"}}})},
		{"the sidecar crashes", sidecarIs(corev1.ContainerStatus{
			RestartCount: 3, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Error", Message: "another process of this pod listens on 127.0.0.1:2711"}},
		})},
		{"the sidecar has too little memory", sidecarIs(corev1.ContainerStatus{
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled"}},
		})},
		{"the pod has ended", func(f *podFacts) { f.pod.Status.Phase = corev1.PodSucceeded }},
		{"the sidecar waits", sidecarIs(corev1.ContainerStatus{Started: new(false), State: running()})},
		{"the pod is unready and nobody says why", sidecarIs(corev1.ContainerStatus{Started: new(true), State: running()})},
		{"STS refuses the role", says("STS refuses role " + roleARN + "checkout: AccessDenied: not authorized")},
		{"STS refuses the role of an annotation", func(f *podFacts) {
			unassociated(f)
			f.identities.Index.SetRole(serviceAccountOf(f), roleARN+"annotated")
			f.pod.Annotations[contract.AnnotationIdentity] = contract.Identity{RoleARN: roleARN + "annotated"}.String()
			says("STS refuses role " + roleARN + "annotated: AccessDenied: not authorized")(f)
		}},
		{"a role is malformed", says("STS refuses role " + roleARN + "checkout: ValidationError: no")},
		{"the auth service refuses the role", says("the auth service refuses: AccessDeniedException: not authorized")},
		{"the account does not know the issuer", says("STS refuses role " + roleARN + "checkout: InvalidIdentityToken: no provider")},
		{"STS does not answer", says("STS did not answer in time: check the network between this pod and STS")},
		{"STS throttles", says("STS refuses role " + roleARN + "checkout: Throttling: Rate exceeded")},
		{"STS cannot be reached", says("STS at https://sts.amazonaws.com cannot be reached: dial tcp: timeout")},
		{"STS is not trusted", says("STS at https://sts.example.com is not trusted: unknown authority")},
		{"the clock of the node is wrong", says("the credentials received expired at 2026-01-01, and this node's clock says 2027-01-01: set the clock")},
		{"the exchange is killed", says("the exchange was ended by a signal, killed: check the memory limit")},
		{"it says something that nobody has written down", says("report this as a bug")},
		{"it has new credentials since", func(f *podFacts) {
			says("STS at https://sts.amazonaws.com cannot be reached: timeout")(f)
			f.fetchedAt = noon
		}},
		{"the warning is of a former role", says("STS refuses role " + roleARN + "former: AccessDenied: not authorized")},
		{"static keys win", setEnv("AWS_ACCESS_KEY_ID", "AKIA")},
		{"IRSA wins", setEnv("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token")},
		{"a relative URI wins", setEnv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials")},
		{"a profile is meant to find the sidecar", func(f *podFacts) {
			setEnv("AWS_PROFILE", "ecs")(f)
			f.pod.Annotations[contract.AnnotationInjectContainers] = "app"
		}},
		{"a container is skipped", func(f *podFacts) {
			f.pod.Annotations[contract.AnnotationSkipContainers] = "app"
			f.pod.Spec.Containers[0].Env = nil
		}},
		{"the variables are gone", func(f *podFacts) { f.pod.Spec.Containers[0].Env = nil }},
		{"a pod that nothing owns is older than the label", func(f *podFacts) { uninjected(f); f.pod.OwnerReferences = nil }},
		{"a pod of a Job is older than the label", func(f *podFacts) {
			uninjected(f)
			f.pod.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Name: "nightly", Controller: new(true)}}
		}},
		{"a pod of a StatefulSet is older than the label", func(f *podFacts) {
			uninjected(f)
			f.pod.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: "db", Controller: new(true)}}
		}},
	} {
		facts := healthy(t)
		test.change(&facts)
		g.add(t, test.sentence, others(t, podFindings(facts)))
	}
	g.compare(t, "testdata/pod.txt")
}
