package inject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Subject is a pod at its admission, with all that the verdict depends on.
type Subject struct {
	Pod *corev1.Pod
	// Namespace of the pod, which the pod itself may leave out at admission.
	Namespace string
	// Mode is the value of the namespace's injection label.
	Mode string
	// Identity of the pod's service account, where Associated.
	Identity   contract.Identity
	Associated bool
	// AuthCA are the authorities by which the auth service is known, certificates in PEM; empty where there is none, or where
	// they are not known yet.
	AuthCA string
	// Token is a fresh authorization token, for a pod that wants to have it in its environment.
	Token string
}

// ServiceAccount is the name of the pod's service account.
func (s Subject) ServiceAccount() string {
	if s.Pod.Spec.ServiceAccountName == "" {
		return "default"
	}
	return s.Pod.Spec.ServiceAccountName
}

// Judge says whether the subject is injected. It looks at nothing that can change after admission but, in the mode
// "associated", at the association: an injected pod gets its identity, or loses it, while it runs.
//
// The first of these that holds decides:
//
//	mirror pod > opted out > unknown label > hostNetwork > Windows > name taken > IRSA > own credentials > not associated > injected
func Judge(s Subject, settings Settings) Verdict {
	a, notes := ask(s, settings)
	verdict := Verdict{Reason: reasonFor(s, a), asked: a}
	switch {
	case verdict.Reason == UnknownLabel:
		verdict.Status = fmt.Sprintf("skipped: %s, not %q", UnknownLabel.sentence(), s.Mode)
	case !verdict.Injects():
		verdict.Status = "skipped: " + verdict.Reason.sentence()
	case !s.Associated:
		verdict.Status = unassociated(s.Namespace, s.ServiceAccount())
	default:
		verdict.Status = contract.StatusInjected
	}
	if !verdict.Reason.quiet() {
		verdict.Warnings = append(verdict.Warnings, warn(verdict.Status))
	}
	if verdict.Injects() {
		notes = append(notes, leftAlone(containers(s.Pod), a)...)
	}
	for _, note := range notes {
		verdict.Warnings = append(verdict.Warnings, warn(note))
	}
	verdict.Status = shorten(strings.Join(append([]string{verdict.Status}, notes...), separator))
	return verdict
}

func reasonFor(s Subject, a asked) Reason {
	pod := s.Pod
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	switch {
	case mirror:
		return MirrorPod
	case pod.Annotations[contract.AnnotationInject] == "false":
		return OptedOut
	case s.Mode != contract.InjectEnabled && s.Mode != contract.InjectAssociated:
		return UnknownLabel
	case pod.Spec.HostNetwork:
		return HostNetwork
	case isWindows(pod):
		return Windows
	case nameTaken(pod):
		return NameTaken
	// A sidecar that is there already is completed, whatever other webhooks have done since.
	case present(pod) != nil:
		return Injected
	case all(applications(pod, a), equippedForIRSA):
		return IRSA
	case all(applications(pod, a), func(c *corev1.Container) bool { return ownCredentials(c.Env, a) != "" }):
		return OwnCredentials
	case s.Mode == contract.InjectAssociated && !s.Associated:
		return NotAssociated
	}
	return Injected
}

// all tells whether there is something, and each of it holds.
func all[T any](of []T, holds func(T) bool) bool {
	return len(of) > 0 && !slices.ContainsFunc(of, func(item T) bool { return !holds(item) })
}

// labelOSBeta is deprecated, but nodes still have it, and so do older charts.
const labelOSBeta = "beta.kubernetes.io/os"

// isWindows asks all three places where a pod may say so.
func isWindows(pod *corev1.Pod) bool {
	if pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows ||
		pod.Spec.NodeSelector[corev1.LabelOSStable] == string(corev1.Windows) ||
		pod.Spec.NodeSelector[labelOSBeta] == string(corev1.Windows) {
		return true
	}
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	// The terms are alternatives: only where each of them demands Windows is there no other node.
	terms := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	for _, term := range terms {
		if !demandsWindows(term) {
			return false
		}
	}
	return len(terms) > 0
}

func demandsWindows(term corev1.NodeSelectorTerm) bool {
	for _, expression := range term.MatchExpressions {
		if (expression.Key == corev1.LabelOSStable || expression.Key == labelOSBeta) && expression.Operator == corev1.NodeSelectorOpIn &&
			len(expression.Values) == 1 && expression.Values[0] == string(corev1.Windows) {
			return true
		}
	}
	return false
}

// nameTaken tells whether the pod uses one of our names for something that an earlier pass of ours cannot have written.
func nameTaken(pod *corev1.Pod) bool {
	for _, container := range pod.Spec.Containers {
		if container.Name == contract.ContainerName {
			return true
		}
	}
	for _, container := range pod.Spec.InitContainers {
		if container.Name == contract.ContainerName && !isNativeSidecar(container) {
			return true
		}
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.Name == contract.VolumeName && !holdsToken(volume) ||
			volume.Name == contract.AuthorizationVolumeName && !isMemory(volume) {
			return true
		}
	}
	return false
}

func isNativeSidecar(container corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// present is the sidecar that an earlier pass has added, or nil.
func present(pod *corev1.Pod) *corev1.Container {
	for i, container := range pod.Spec.InitContainers {
		if container.Name == contract.ContainerName && isNativeSidecar(container) {
			return &pod.Spec.InitContainers[i]
		}
	}
	return nil
}
