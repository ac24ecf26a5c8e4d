package inject

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Reason names why a pod was injected or not: a closed set, fit for a label of a metric.
type Reason string

// The reasons. Every one but Injected means that the pod is admitted as it is.
const (
	Injected      Reason = "Injected"
	OptedOut      Reason = "OptedOut"
	HostNetwork   Reason = "HostNetwork"
	Windows       Reason = "Windows"
	MirrorPod     Reason = "MirrorPod"
	NameTaken     Reason = "NameTaken"
	NotAssociated Reason = "NotAssociated"
)

// sentence is what people read of a reason, in the status annotation, the warning and the log alike. It is short, since
// `kubectl describe` cuts annotations after 140 characters.
func (r Reason) sentence() string {
	switch r {
	case OptedOut:
		return "the annotation " + contract.AnnotationInject + `: "false" opts this pod out`
	case HostNetwork:
		return "hostNetwork would offer the credentials to every process of the node; remove it to get credentials"
	case Windows:
		return "the sidecar runs on Linux only; give a Windows pod its credentials in another way"
	case MirrorPod:
		return "a static pod is run by its node without the API server; give it its credentials in another way"
	case NameTaken:
		return "a container or volume of the pod's own has a name that begins with " + contract.ContainerName + "; rename it"
	case NotAssociated:
		return "no PodIdentityAssociation named the service account; create one, then create the pod again"
	case Injected:
		return contract.StatusInjected
	}
	return string(r)
}

// Verdict is what shall happen to a pod, and why.
type Verdict struct {
	Reason Reason
	// Status is the value of the status annotation: one sentence for people.
	Status string
	// Warnings are for the one who creates the pod; kubectl prints them.
	Warnings []string
}

// Injects tells whether the pod gets the sidecar.
func (v Verdict) Injects() bool { return v.Reason == Injected }

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
func Judge(s Subject) Verdict {
	reason := reasonFor(s)
	if reason != Injected {
		status := "skipped: " + reason.sentence()
		verdict := Verdict{Reason: reason, Status: status}
		// Who opts out knows it; who is left out should hear it.
		if reason != OptedOut && reason != NotAssociated {
			verdict.Warnings = []string{"pod identity: " + status}
		}
		return verdict
	}
	if !s.Associated {
		return Verdict{Reason: Injected, Status: fmt.Sprintf(
			"%s: no credentials until a PodIdentityAssociation names service account %s/%s",
			contract.StatusInjected, s.Namespace, s.ServiceAccount())}
	}
	return Verdict{Reason: Injected, Status: contract.StatusInjected}
}

func reasonFor(s Subject) Reason {
	pod := s.Pod
	switch {
	case pod.Annotations[corev1.MirrorPodAnnotationKey] != "":
		return MirrorPod
	case pod.Annotations[contract.AnnotationInject] == "false":
		return OptedOut
	case pod.Spec.HostNetwork:
		return HostNetwork
	case isWindows(pod):
		return Windows
	case nameTaken(pod):
		return NameTaken
	case s.Mode == contract.InjectAssociated && !s.Associated:
		return NotAssociated
	}
	return Injected
}

func isWindows(pod *corev1.Pod) bool {
	return pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows ||
		pod.Spec.NodeSelector[corev1.LabelOSStable] == string(corev1.Windows)
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
		if volume.Name == contract.VolumeName && volume.Projected == nil ||
			volume.Name == contract.AuthorizationVolumeName && volume.EmptyDir == nil {
			return true
		}
	}
	return false
}

func isNativeSidecar(container corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
