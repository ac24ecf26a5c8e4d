package check

import (
	"fmt"
	"maps"
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

// maxListed is how many of one kind have a line of their own.
const maxListed = 20

// fleet is what is counted of all injected pods.
type fleet struct {
	pods int
	// images are those of sidecars.
	images map[string]int
	// kept are those without a sidecar that keep another identity than they should.
	kept tally
	// stale have another identity than they should, outdated a sidecar that does not know a critical field, and unready no first credentials. The
	// first of each is named.
	stale, outdated, unready tally
}

// tally counts pods, and keeps one of them.
type tally struct {
	count   int
	example string
}

func (t *tally) add(pod *corev1.Pod) {
	if name := pod.Namespace + "/" + pod.Name; t.count == 0 || name < t.example {
		t.example = name
	}
	t.count++
}

// settling is how long a pod may have another identity than it should: docs/reference.md#podidentityassociation.
const settling = 15 * time.Second

func (f *fleet) add(pod *corev1.Pod, identities *cluster.Identities, now time.Time) {
	if f.images == nil {
		f.images = map[string]int{}
	}
	should := identities.Of(pod)
	if !inject.HasSidecar(pod) {
		if written(pod) != should.String() {
			f.kept.add(pod)
		}
		return
	}
	f.pods++
	sidecar := sidecarOf(pod)
	f.images[sidecar.Image]++
	if now.Sub(pod.CreationTimestamp.Time) > settling && written(pod) != should.String() {
		f.stale.add(pod)
	}
	if len(unknownFields(sidecar, should)) > 0 {
		f.outdated.add(pod)
	}
	if status := statusOf(pod); !should.IsZero() && status != nil && status.State.Running != nil && !status.Ready &&
		now.Sub(status.State.Running.StartedAt.Time) > time.Minute {
		f.unready.add(pod)
	}
}

func written(pod *corev1.Pod) string {
	return strings.TrimSpace(pod.Annotations[contract.AnnotationIdentity])
}

func unknownFields(sidecar *corev1.Container, identities contract.Identities) []string {
	known := ""
	for _, variable := range sidecar.Env {
		if variable.Name == contract.EnvCriticalFields {
			known = variable.Value
		}
	}
	return contract.Unknown(identities.Critical(), strings.Split(known, ","))
}

// fleetFindings are about all injected pods.
func fleetFindings(f fleet, i *cluster.Installation) []Finding {
	const check = "pods"
	all := []Finding{ok(check, "%d pods have a sidecar", f.pods)}
	if f.stale.count > 0 {
		all = append(all, wrong(check, "kubectl pod-identity check --namespace "+split(f.stale.example)+"; the leading replica corrects it within a second",
			"%d pods have another identity than they should, such as %s", f.stale.count, f.stale.example))
	}
	if f.kept.count > 0 {
		all = append(all, wrong(check, "create them again", "%d pods with %s: %s keep another role than their service account has now, such as %s",
			f.kept.count, contract.AnnotationAuthorization, contract.AuthorizationWebIdentity, f.kept.example))
	}
	if f.outdated.count > 0 {
		all = append(all, wrong(check, "create them again: docs/upgrades.md#how-the-identity-document-grows",
			"%d pods have a sidecar that is too old to know a restriction of their association, such as %s: they get no credentials", f.outdated.count, f.outdated.example))
	}
	if f.unready.count > 0 {
		all = append(all, wrong(check, "kubectl pod-identity check --namespace "+split(f.unready.example),
			"%d pods have waited for their first credentials for over a minute, such as %s", f.unready.count, f.unready.example))
	}
	if !i.Known() {
		return all
	}
	for _, image := range slices.Sorted(maps.Keys(f.images)) {
		if image != i.Config.Injection.Image {
			all = append(all, note("versions", "%d pods run the sidecar %s, and get %s when they are created again: docs/upgrades.md", f.images[image], image, i.Config.Injection.Image))
		}
	}
	return all
}

// split is NAMESPACE/POD as arguments of kubectl.
func split(name string) string {
	namespace, pod, _ := strings.Cut(name, "/")
	return namespace + " " + pod
}

// associationFindings are about what the statuses of associations say.
func associationFindings(identities *cluster.Identities, now time.Time) []Finding {
	const check = "associations"
	var all []Finding
	var unseen []string
	effective := 0
	for _, name := range slices.Sorted(maps.Keys(identities.Associations)) {
		a := identities.Associations[name]
		ready := meta.FindStatusCondition(a.Status.Conditions, v1alpha1.ConditionReady)
		switch err := association.Check(a); {
		case err != nil:
			all = append(all, wrong(check, "kubectl edit pia "+name, "%v", err))
		case ready == nil || a.Status.ObservedGeneration != a.Generation:
			if now.Sub(a.CreationTimestamp.Time) > time.Minute {
				unseen = append(unseen, name)
			}
		case ready.Status == metav1.ConditionFalse:
			all = append(all, wrong(check, remedyOf(a, ready.Message), "%s: %s: %s", name, ready.Reason, oneLine(ready.Message)))
		default:
			effective++
		}
	}
	if len(all) > maxListed {
		rest := len(all) - maxListed
		all = append(all[:maxListed], wrong(check, "kubectl get pia", "%d more are not ready", rest))
	}
	if len(unseen) > 0 {
		all = append(all, wrong(check, "see why no replica leads, with: kubectl logs --all-containers --selector app.kubernetes.io/name=pod-identity-webhook, in the namespace of the product",
			"the status of %d associations is not written, such as %s", len(unseen), unseen[0]))
	}
	return settled(all, ok(check, "%d are in effect", effective))
}

func remedyOf(a *v1alpha1.PodIdentityAssociation, message string) string {
	if remedy, _ := remedyFor(message, a.Name); remedy != "" {
		return remedy
	}
	return "kubectl describe pia " + a.Name
}

// namespaceLabel is the injection label of one namespace.
type namespaceLabel struct {
	name, value string
	// uninjected are pods that would be injected if they were created now.
	uninjected tally
}

// namespaceFindings are about the labelled namespaces.
func namespaceFindings(labels []namespaceLabel) []Finding {
	const check = "namespaces"
	var all []Finding
	for _, l := range labels {
		switch {
		case l.value != contract.InjectEnabled && l.value != contract.InjectAssociated:
			all = append(all, wrong(check, fmt.Sprintf("kubectl label namespace %s --overwrite %s=%s", l.name, contract.LabelInject, contract.InjectEnabled),
				"the label %s of namespace %s is %q: it injects nothing", contract.LabelInject, l.name, l.value))
		case l.uninjected.count > 0:
			all = append(all, wrong(check, "create them again: kubectl rollout restart --namespace "+l.name+" deployment, or what else owns them",
				"%d pods of namespace %s have no sidecar though it is labelled, such as %s: they are older than the label, or were created while the webhook was away", l.uninjected.count, l.name, l.uninjected.example))
		}
	}
	if len(all) > maxListed {
		rest := len(all) - maxListed
		all = append(all[:maxListed], wrong(check, "kubectl get namespaces --label-columns "+contract.LabelInject, "%d more", rest))
	}
	return settled(all, ok(check, "%d have the label %s", len(labels), contract.LabelInject))
}
