package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/webhook/inject"
)

// podFacts are all that is known about one pod.
type podFacts struct {
	pod          *corev1.Pod
	namespace    *corev1.Namespace
	installation *cluster.Installation
	identities   *cluster.Identities
	// warned is what the sidecar last warned of, by the kubelet, and when; "" for nothing.
	warned   string
	warnedAt time.Time
	// fetchedAt is when the sidecar last had new credentials, by its log; zero where that is not known.
	fetchedAt time.Time
	now       time.Time
}

// podFindings follow the chain from the label of the namespace to what STS says.
func podFindings(f podFacts) []Finding {
	all := slices.Concat(f.labelFindings(), f.admissionFindings())
	if f.ownToken() {
		return slices.Concat(all, f.grantFindings(), f.keptFindings())
	}
	if !inject.HasSidecar(f.pod) {
		return append(all, f.grantFindings()...)
	}
	return slices.Concat(all, f.sidecarFindings(), f.grantFindings(), f.identityFindings(), f.separationFindings(), f.tokenFindings(), f.credentialFindings(), f.environmentFindings())
}

func (f podFacts) labelFindings() []Finding {
	const check = "namespace"
	label, labelled := f.namespace.Labels[contract.LabelInject]
	set := fmt.Sprintf("kubectl label namespace %s --overwrite %s=%s, and then create the pod again", f.namespace.Name, contract.LabelInject, contract.InjectEnabled)
	switch {
	case slices.Contains(inject.ExcludedNamespaces(f.installation.Namespace), f.namespace.Name):
		return []Finding{wrong(check, "run the pod in another namespace", "the webhook is never called for namespace %s", f.namespace.Name)}
	case !labelled:
		return []Finding{wrong(check, set, "namespace %s has no label %s: the webhook is not called", f.namespace.Name, contract.LabelInject)}
	case label != contract.InjectEnabled && label != contract.InjectAssociated:
		return []Finding{wrong(check, set, "the label %s of namespace %s is %q: it injects nothing", contract.LabelInject, f.namespace.Name, label)}
	}
	return []Finding{ok(check, "%s has the label %s=%s", f.namespace.Name, contract.LabelInject, label)}
}

func (f podFacts) admissionFindings() []Finding {
	const check = "admission"
	status, noted := f.pod.Annotations[contract.AnnotationStatus]
	status, notes, _ := strings.Cut(status, "; ")
	again := recreate(f.pod)
	switch skipped := strings.HasPrefix(status, "skipped: "); {
	case f.pod.Annotations[contract.AnnotationInject] == "false":
		return []Finding{wrong(check, "remove the annotation from the pod's template", "the annotation %s: \"false\" opts the pod out", contract.AnnotationInject)}
	case skipped:
		return []Finding{wrong(check, "docs/reference.md#reasons-of-an-admission, and then "+again, "the webhook left the pod alone: %s", strings.TrimPrefix(status, "skipped: "))}
	case f.ownToken():
	case !inject.HasSidecar(f.pod) && noted:
		return []Finding{wrong(check, "let that webhook be called before ours: docs/faults.md#another-webhook", "the webhook injected the pod, and something else removed or changed its sidecar")}
	case !inject.HasSidecar(f.pod):
		return []Finding{wrong(check, again, "the webhook was not called: the pod is older than the label, or was created while the webhook was away")}
	}
	all := []Finding{ok(check, "the webhook injected the pod")}
	if notes != "" {
		all = append(all, note(check, "the webhook noted: %s", notes))
	}
	return all
}

// recreate is how a pod is created again.
func recreate(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return "create the pod again"
	}
	kind, name := strings.ToLower(owner.Kind), owner.Name
	if hash := pod.Labels["pod-template-hash"]; owner.Kind == "ReplicaSet" && hash != "" {
		kind, name = "deployment", strings.TrimSuffix(name, "-"+hash)
	}
	switch kind {
	case "deployment", "statefulset", "daemonset":
		return fmt.Sprintf("kubectl rollout restart --namespace %s %s/%s", pod.Namespace, kind, name)
	}
	return fmt.Sprintf("create the pod again: it is of %s %s", owner.Kind, owner.Name)
}

func sidecarOf(pod *corev1.Pod) *corev1.Container {
	for i := range pod.Spec.InitContainers {
		if pod.Spec.InitContainers[i].Name == contract.ContainerName {
			return &pod.Spec.InitContainers[i]
		}
	}
	return &corev1.Container{}
}

// statusOf is that of the sidecar, or nil where the kubelet has not written one yet.
func statusOf(pod *corev1.Pod) *corev1.ContainerStatus {
	for i := range pod.Status.InitContainerStatuses {
		if pod.Status.InitContainerStatuses[i].Name == contract.ContainerName {
			return &pod.Status.InitContainerStatuses[i]
		}
	}
	return nil
}

func (f podFacts) sidecarFindings() []Finding {
	const check = "sidecar"
	sidecar := sidecarOf(f.pod)
	if fields := unknownFields(sidecar, f.identities.Of(f.pod)); len(fields) > 0 {
		return []Finding{wrong(check, recreate(f.pod), "it is too old to know %s of the association, and serves no credentials", strings.Join(fields, " and "))}
	}
	if image := f.installation.Config.Injection.Image; f.installation.Known() && sidecar.Image != image {
		return []Finding{note(check, "it is %s; created again, the pod gets %s", sidecar.Image, image)}
	}
	return []Finding{ok(check, "it is %s", sidecar.Image)}
}

// grantFindings are about what gives the service account its identity, and containers of the pod theirs.
func (f podFacts) grantFindings() []Finding {
	const check = "association"
	account := cluster.ServiceAccount(f.pod)
	if refusal := f.identities.Index.Refusal(account); refusal != "" {
		return []Finding{wrong(check, "choose a role that the namespace allows: docs/reference.md#bounds-of-a-namespace", "%s", refusal)}
	}
	own := f.identities.Of(f.pod).Containers
	all := f.candidateFindings(check, "", f.identities.Index.Candidates(account, ""))
	switch {
	case all == nil && len(own) == 0:
		remedy := "create one for the service account: README.md#connect-aws"
		return []Finding{wrong(check, remedy, "no PodIdentityAssociation names service account %s/%s", account.Namespace, account.Name)}
	case all == nil:
		all = []Finding{note(check, "nothing gives an identity to the containers that have none of their own")}
	}
	for _, identity := range own {
		candidates := f.identities.Index.Candidates(account, identity.Container)
		candidates = slices.DeleteFunc(candidates, func(c association.Candidate) bool { return c.Container == "" })
		all = append(all, f.candidateFindings(check, "container "+identity.Container+": ", candidates)...)
	}
	return all
}

// candidateFindings are about what gives an identity to the pod, or to a container of it, which the beginning names; nil where nothing does.
func (f podFacts) candidateFindings(check, beginning string, candidates []association.Candidate) []Finding {
	if len(candidates) == 0 {
		return nil
	}
	account, first := cluster.ServiceAccount(f.pod), candidates[0].Identity
	if first.Association == "" {
		return []Finding{ok(check, "the annotation %s of service account %s gives %s", candidates[0].Annotation, account.Name, first.RoleARN)}
	}
	all := f.conditionFindings(check, first.Association)
	all = settled(all, ok(check, "%s%s gives %s", beginning, first.Association, first.RoleARN))
	for _, c := range candidates[1:] {
		all = append(all, note(check, "%s%s gives %s, and loses: kubectl pod-identity who %s/%s --why", beginning, giver(c), c.Identity.RoleARN, account.Namespace, account.Name))
	}
	return all
}

func giver(c association.Candidate) string {
	if c.Annotation != "" {
		return "the annotation " + c.Annotation
	}
	return c.Identity.Association
}

func (f podFacts) conditionFindings(check, name string) []Finding {
	a := f.identities.Associations[name]
	ready := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Status != metav1.ConditionFalse || a.Status.ObservedGeneration != a.Generation {
		return nil
	}
	return []Finding{wrong(check, remedyOf(a, ready.Message), "%s: %s: %s", name, ready.Reason, oneLine(ready.Message))}
}
