package inject

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Reason names why a pod was injected or not: a closed set, fit for a metric label.
type Reason string

// The reasons. Every one but Injected and WebIdentity means that the pod is admitted as it is.
const (
	Injected       Reason = "Injected"
	OptedOut       Reason = "OptedOut"
	UnknownLabel   Reason = "UnknownLabel"
	HostNetwork    Reason = "HostNetwork"
	Windows        Reason = "Windows"
	MirrorPod      Reason = "MirrorPod"
	NameTaken      Reason = "NameTaken"
	IRSA           Reason = "IRSA"
	OwnCredentials Reason = "OwnCredentials"
	NotAssociated  Reason = "NotAssociated"
	LimitRange     Reason = "LimitRange"
	TooLarge       Reason = "TooLarge"
	// WebIdentity is that the containers exchange a token themselves, without a sidecar.
	WebIdentity Reason = "WebIdentity"
	// NoWebIdentity is that the pod asks for that, and cannot have it.
	NoWebIdentity Reason = "NoWebIdentity"
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{Injected, OptedOut, UnknownLabel, HostNetwork, Windows, MirrorPod, NameTaken, IRSA, OwnCredentials, NotAssociated, LimitRange, TooLarge, WebIdentity, NoWebIdentity}
}

const askForWebIdentity = contract.AnnotationAuthorization + ": " + contract.AuthorizationWebIdentity

// message is what people read of a reason, in the status annotation, the warning and the log alike. It is short, since
// `kubectl describe` cuts annotations after 140 characters.
func (r Reason) message() string {
	switch r {
	case OptedOut:
		return "the annotation " + contract.AnnotationInject + `: "false" opts this pod out`
	case UnknownLabel:
		return "the namespace label " + contract.LabelInject + " must be " + contract.InjectEnabled + " or " + contract.InjectAssociated
	case HostNetwork:
		return "hostNetwork would expose the sidecar to every process on the node; remove it, or set " + askForWebIdentity
	case Windows:
		return "the sidecar runs only on Linux; set " + askForWebIdentity
	case MirrorPod:
		return "the kubelet runs static pods without the API server; give them their credentials in another way"
	case NameTaken:
		return "the pod has a container or volume of its own named " + contract.ContainerName + " or " + contract.AuthorizationVolumeName + "; rename or remove it"
	case IRSA:
		return "its containers use IRSA, which SDKs prefer; to change that, remove " + contract.AnnotationRoleARN + " from the service account"
	case OwnCredentials:
		return "every container has AWS credentials of its own; remove their variables, or set " + contract.AnnotationInjectContainers
	case NotAssociated:
		return "no PodIdentityAssociation named the service account; create one, then recreate the pod"
	case LimitRange:
		return "a LimitRange leaves this pod no room for container " + contract.ContainerName + "; lower requests and limits of its other containers"
	case TooLarge:
		return "the pod has too many containers, volumes or fields to be injected; divide it"
	case Injected, WebIdentity:
		return contract.StatusInjected
	case NoWebIdentity:
		return "this pod cannot have a token for STS; remove " + contract.AnnotationAuthorization
	}
	return string(r)
}

// expected reports whether the author of the pod expects this, so that no warning is needed.
func (r Reason) expected() bool {
	return r == Injected || r == WebIdentity || r == OptedOut || r == NotAssociated
}

// Decision is what happens to a pod, and why.
type Decision struct {
	Reason Reason
	// Status is the value of the status annotation, for people.
	Status string
	// Warnings are for whoever creates the pod; kubectl prints them.
	Warnings []string

	options podOptions
	// resources are those of a sidecar that is added.
	resources corev1.ResourceRequirements
}

// Skip is the decision for a pod that is admitted as it is, for a reason that needs no look at the pod.
func Skip(reason Reason) Decision { return skip(reason, reason.message()) }

func skip(reason Reason, message string) Decision {
	decision := Decision{Reason: reason, Status: "skipped: " + message}
	if !reason.expected() {
		decision.Warnings = []string{warning(decision.Status)}
	}
	return decision
}

// Injects reports whether the containers of the pod get credentials: by the sidecar, or by a token of their own.
func (d Decision) Injects() bool { return d.withSidecar() || d.Reason == WebIdentity }

func (d Decision) withSidecar() bool { return d.Reason == Injected }

func truncate(status string) string {
	if len(status) <= maxStatusLength {
		return status
	}
	return strings.ToValidUTF8(status[:maxStatusLength], "") + "..."
}

// warning says who warns: kubectl prints the warnings of all webhooks together.
func warning(note string) string { return "pod identity: " + note }
