package check

import (
	"errors"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// facts are all that is known about an installation.
type facts struct {
	*cluster.Installation

	version    string
	definition *unstructured.Unstructured
	pods       []corev1.Pod
	lease      *coordinationv1.Lease
	// missing are rights of the webhook, authMissing those of the auth service.
	missing, authMissing []right
	found                map[string]*admissionregistrationv1.ValidatingAdmissionPolicy
	bindings             map[string]*admissionregistrationv1.ValidatingAdmissionPolicyBinding
	authCA               *corev1.ConfigMap
	identities           *cluster.Identities
	fleet                fleet
	labels               []namespaceLabel
}

// well is an installation in which all is well.
func well(t *testing.T) facts {
	t.Helper()
	f := facts{Installation: installed(t), version: "v1.37.2", found: map[string]*admissionregistrationv1.ValidatingAdmissionPolicy{}, bindings: map[string]*admissionregistrationv1.ValidatingAdmissionPolicyBinding{}}
	f.definition = &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{"conditions": []any{map[string]any{"type": "Established", "status": "True"}}}}}
	f.pods = []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "pod-identity-webhook-1", Labels: map[string]string{"app": cluster.PrimaryDeployment}}}}
	f.lease = &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: new("pod-identity-webhook-1_uuid"), RenewTime: &metav1.MicroTime{Time: noon}}}
	for _, name := range policies() {
		f.found[name] = &admissionregistrationv1.ValidatingAdmissionPolicy{}
		f.bindings[name] = &admissionregistrationv1.ValidatingAdmissionPolicyBinding{Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}}}
	}
	f.authCA = &corev1.ConfigMap{Data: map[string]string{contract.CABundleKey: string(bundle(t, 90*24*time.Hour))}}
	f.identities = identities(t, associate("checkout", "shop", "checkout", inEffect()))
	f.fleet = fleet{pods: 2, images: map[string]int{image: 2}}
	f.labels = []namespaceLabel{{name: "shop", value: contract.InjectEnabled}}
	return f
}

func (f facts) findings() []Finding {
	var all []Finding
	for _, part := range [][]Finding{
		serverFindings(f.version), definitionFindings(f.definition), webhookFindings(f.Installation, noon), replicaFindings(f.Installation, f.pods),
		leaderFindings(f.Installation, f.lease, f.pods, noon), rightFindings("the webhook", f.missing, f.Namespace), rightFindings("the auth service", f.authMissing, f.Namespace), policyFindings(f.found, f.bindings, f.Namespace),
		authFindings(f.Installation, f.authCA, f.pods, noon), associationFindings(f.identities, noon), boundsFindings(f.identities.Index), fleetFindings(f.fleet, f.Installation), namespaceFindings(f.labels),
	} {
		all = append(all, part...)
	}
	return all
}

func (f facts) webhook(name string) *admissionregistrationv1.MutatingWebhook {
	return &f.Configurations[name].Webhooks[0]
}

func unready(container corev1.ContainerStatus) func(*facts) {
	return func(f *facts) {
		f.Deployments[cluster.PrimaryDeployment].Status.ReadyReplicas = 0
		f.pods[0].Status.ContainerStatuses = []corev1.ContainerStatus{container}
	}
}

// bounded has the namespace shop allow these roles, and its service account chooser name one.
func bounded(patterns string) func(*facts) {
	return func(f *facts) {
		f.identities.Index.SetBounds("shop", map[string]string{contract.AnnotationAllowedRoles: patterns}, "namespace")
		chosen := map[string]string{contract.AnnotationRole: "arn:aws:iam::111122223333:role/admin"}
		f.identities.Index.SetAnnotations(association.ServiceAccount{Namespace: "shop", Name: "chooser"}, chosen, "account", association.AllAnnotations)
	}
}

func TestEachFaultOfAnInstallationHasALineAndARemedy(t *testing.T) {
	var g golden
	healthy := map[Finding]bool{}
	for _, f := range well(t).findings() {
		healthy[f] = true
	}
	g.add(t, "all is well", well(t).findings())
	for _, test := range []struct {
		sentence string
		change   func(*facts)
	}{
		{"the API server is too old", func(f *facts) { f.version = "v1.29.4" }},
		{"the API server tells no version", func(f *facts) { f.version = "?" }},
		{"the definition is gone", func(f *facts) { f.definition = nil }},
		{"the definition is being deleted", func(f *facts) { f.definition.SetDeletionTimestamp(new(ago(time.Second))) }},
		{"the definition is not established", func(f *facts) { f.definition.Object["status"] = map[string]any{} }},
		{"a configuration is gone", func(f *facts) { delete(f.Configurations, "pod-identity") }},
		{"the configuration of the standby is gone", func(f *facts) { delete(f.Configurations, "pod-identity-standby") }},
		{"an entry is gone", func(f *facts) {
			f.Configurations["pod-identity"].Webhooks = f.Configurations["pod-identity"].Webhooks[1:]
		}},
		{"an entry calls something else", func(f *facts) { f.webhook("pod-identity").ClientConfig.Service.Name = "other" }},
		{"an entry of the primary fails closed", func(f *facts) { f.webhook("pod-identity").FailurePolicy = new(admissionregistrationv1.Fail) }},
		{"an entry concerns the product's own namespace", func(f *facts) { f.webhook("pod-identity-standby").NamespaceSelector = nil }},
		{"a caBundle is empty", func(f *facts) { f.webhook("pod-identity").ClientConfig.CABundle = nil }},
		{"a caBundle is empty, and cert-manager should write it", func(f *facts) {
			f.Config.CertificateDir = "/certs"
			f.webhook("pod-identity").ClientConfig.CABundle = nil
		}},
		{"a caBundle has expired", func(f *facts) { f.webhook("pod-identity").ClientConfig.CABundle = bundle(t, -time.Hour) }},
		{"a caBundle is somebody else's", func(f *facts) {
			for n := range f.Configurations["pod-identity"].Webhooks {
				f.Configurations["pod-identity"].Webhooks[n].ClientConfig.CABundle = bundle(t, 90*24*time.Hour)
			}
		}},
		{"a Deployment is gone", func(f *facts) { delete(f.Deployments, cluster.StandbyDeployment) }},
		{"a Deployment is scaled to 0", func(f *facts) { f.Deployments[cluster.PrimaryDeployment].Spec.Replicas = new(int32(0)) }},
		{"a replica ends again and again", unready(corev1.ContainerStatus{
			State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: "webhook: --image is empty"}},
		})},
		{"a replica is not created", func(f *facts) {
			d := f.Deployments[cluster.PrimaryDeployment]
			f.pods = nil
			d.Status = appsv1.DeploymentStatus{Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "exceeded quota"}}}
		}},
		{"the arguments are not understood", func(f *facts) { f.ConfigErr = errors.New("flag provided but not defined: -new") }},
		{"a configuration and a Deployment may not be read", func(f *facts) {
			f.Unread = map[string]error{"pod-identity": errors.New("read pod-identity: no"), cluster.StandbyDeployment: errors.New("read pod-identity-webhook-standby: no")}
		}},
		{"nobody leads", func(f *facts) { f.lease = nil }},
		{"the leader is silent", func(f *facts) { f.lease.Spec.RenewTime = &metav1.MicroTime{Time: noon.Add(-time.Minute)} }},
		{"somebody else holds the Lease", func(f *facts) { f.lease.Spec.HolderIdentity = new("somebody") }},
		{"rights are missing", func(f *facts) {
			f.missing = []right{{resource: "pods", verbs: []string{"patch"}}, {group: "coordination.k8s.io", resource: "leases", name: "pod-identity-webhook", namespaced: true, verbs: []string{"get", "update"}}}
		}},
		{"rights of the auth service are missing", func(f *facts) { f.authMissing = []right{{resource: "namespaces", verbs: []string{"list", "watch"}}} }},
		{"a policy is gone", func(f *facts) { f.found["pod-identity-sidecar"] = nil }},
		{"a binding is gone", func(f *facts) { f.bindings["pod-identity-metadata"] = nil }},
		{"a binding denies nothing", func(f *facts) { f.bindings["pod-identity-webhook"].Spec.ValidationActions = nil }},
		{"a policy is of another namespace", func(f *facts) {
			f.found["pod-identity-metadata"].Spec.Variables = []admissionregistrationv1.Variable{{Name: "product", Expression: "'system:serviceaccount:other:pod-identity-webhook'"}}
		}},
		{"the auth service is not there", func(f *facts) { delete(f.Deployments, cluster.AuthDeployment) }},
		{"the auth service has published no CA", func(f *facts) { f.authCA = nil }},
		{"the CA of the auth service is damaged", func(f *facts) { f.authCA.Data = nil }},
		{"the CA of the auth service has expired", func(f *facts) { f.authCA.Data[contract.CABundleKey] = string(bundle(t, -time.Hour)) }},
		{"an association conflicts", func(f *facts) {
			f.identities = identities(t, associate("younger", "shop", "checkout", notReady(v1alpha1.ReasonConflicted, "PodIdentityAssociation checkout selects the same pods and is older, so it is used: delete one of the two")))
		}},
		{"the role of an association is refused", func(f *facts) {
			f.identities = identities(t, associate("checkout", "shop", "checkout", notReady(v1alpha1.ReasonNoNewCredentials, "1 of 1 pods get no new credentials; the sidecar of pod shop/x says: STS refuses role r: InvalidIdentityToken: no")))
		}},
		{"an association cannot be used", func(f *facts) {
			a := associate("checkout", "shop", "checkout", inEffect())
			a.Spec.Policy = "{"
			f.identities = identities(t, a)
		}},
		{"a namespace allows the role that its service account chooses", bounded("arn:aws:iam::111122223333:role/*")},
		{"a namespace refuses the role that its service account chooses", bounded("")},
		{"the bounds of a namespace are malformed", bounded("team-*")},
		{"no status is written", func(f *facts) { f.identities = identities(t, associate("checkout", "shop", "checkout")) }},
		{"pods have another identity", func(f *facts) { f.fleet.stale = tally{2, "shop/app"} }},
		{"pods with a token of their own keep another role", func(f *facts) { f.fleet.kept = tally{1, "shop/app"} }},
		{"sidecars are outdated", func(f *facts) { f.fleet.outdated = tally{1, "shop/app"} }},
		{"pods wait", func(f *facts) { f.fleet.unready = tally{1, "shop/app"} }},
		{"sidecars are of another release", func(f *facts) { f.fleet.images = map[string]int{image: 1, "registry.example.com/sidecar:v1": 1} }},
		{"a label is misspelt", func(f *facts) { f.labels[0].value = "Enabled" }},
		{"pods were not injected", func(f *facts) { f.labels[0].uninjected = tally{3, "shop/app"} }},
	} {
		f := well(t)
		test.change(&f)
		var rest []Finding
		for _, finding := range f.findings() {
			if !healthy[finding] {
				rest = append(rest, finding)
			}
		}
		g.add(t, test.sentence, rest)
	}
	g.compare(t, "testdata/installation.txt")
}
