package inject

import (
	"fmt"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// Reason names why a pod was injected or not: a closed set, fit for a label of a metric.
type Reason string

// The reasons. Every one but Injected means that the pod is admitted as it is.
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
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{Injected, OptedOut, UnknownLabel, HostNetwork, Windows, MirrorPod, NameTaken, IRSA, OwnCredentials, NotAssociated}
}

// sentence is what people read of a reason, in the status annotation, the warning and the log alike. It is short, since
// `kubectl describe` cuts annotations after 140 characters.
func (r Reason) sentence() string {
	switch r {
	case OptedOut:
		return "the annotation " + contract.AnnotationInject + `: "false" opts this pod out`
	case UnknownLabel:
		return "the namespace label " + contract.LabelInject + " must be " + contract.InjectEnabled + " or " + contract.InjectAssociated
	case HostNetwork:
		return "hostNetwork would offer the credentials to every process of the node; remove it to get credentials"
	case Windows:
		return "the sidecar runs on Linux only; give a Windows pod its credentials in another way"
	case MirrorPod:
		return "a static pod is run by its node without the API server; give it its credentials in another way"
	case NameTaken:
		return "a container or volume of the pod's own has a name that begins with " + contract.ContainerName + "; rename it"
	case IRSA:
		return "IRSA has equipped its containers, and wins in the SDKs; to change that, remove " + irsaAnnotation + " from the service account"
	case OwnCredentials:
		return "every container brings AWS credentials of its own; remove their variables to get these"
	case NotAssociated:
		return "no PodIdentityAssociation named the service account; create one, then create the pod again"
	case Injected:
		return contract.StatusInjected
	}
	return string(r)
}

// quiet tells that whoever creates the pod expects this and needs no warning.
func (r Reason) quiet() bool {
	return r == Injected || r == OptedOut || r == NotAssociated
}

// Verdict is what shall happen to a pod, and why.
type Verdict struct {
	Reason Reason
	// Status is the value of the status annotation, for people.
	Status string
	// Warnings are for the one who creates the pod; kubectl prints them.
	Warnings []string

	asked asked
}

// Injects tells whether the pod gets the sidecar.
func (v Verdict) Injects() bool { return v.Reason == Injected }

// longestStatus keeps a status of many notes far from the 256 KiB that the annotations of a pod may have altogether.
const longestStatus = 1000

func shorten(status string) string {
	if len(status) <= longestStatus {
		return status
	}
	return strings.ToValidUTF8(status[:longestStatus], "") + "..."
}

// warn words a note for whoever creates the pod, among the warnings of others.
func warn(note string) string { return "pod identity: " + note }

// unassociated is the status of a pod whose service account has no identity.
func unassociated(namespace, serviceAccount string) string {
	return fmt.Sprintf("%s: no credentials until a PodIdentityAssociation names service account %s/%s",
		contract.StatusInjected, namespace, serviceAccount)
}
