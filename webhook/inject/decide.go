package inject

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Input is a pod at its admission, with everything else that the decision depends on.
type Input struct {
	Pod *corev1.Pod
	// Namespace of the pod, which the pod itself may leave out at admission.
	Namespace string
	// Mode is the value of the namespace's injection label.
	Mode string
	// Identities are those of the pod and of its containers. Of containers that get no credentials they are ignored.
	Identities contract.Identities
	// Refused says why the role that the service account names is not its identity, or is "". It has no separator.
	Refused string
	// AuthCA are the CA certificates of the auth service, in PEM; empty if there is none, or if they are not known yet.
	AuthCA string
	Rules
	// Token is a fresh authorization token, for a pod that wants it in its environment.
	Token string
}

// ServiceAccount is the name of the pod's service account.
func (in Input) ServiceAccount() string {
	if in.Pod.Spec.ServiceAccountName == "" {
		return "default"
	}
	return in.Pod.Spec.ServiceAccountName
}

// Decide says whether the pod is injected. It looks at nothing that can change after admission, except at the association
// in the mode "associated" and of a pod that asks for web identity: an injected pod with a sidecar gains or loses its identity while it runs.
//
// The first of these that applies decides:
//
//	mirror pod > opted out > unknown label > web identity (webIdentityReason) > hostNetwork > Windows > name taken > IRSA > own credentials > not associated > no room in a LimitRange > injected
func Decide(in Input, settings Settings) Decision {
	options, notes := readOptions(in, settings)
	resources, fit := sidecarResources(in, settings)
	decision := Decision{Reason: reasonFor(in, options, settings, fit), Status: contract.StatusInjected}
	switch {
	case decision.Reason == WebIdentity:
		decision.Status = webIdentityStatus
	case decision.Reason == NoWebIdentity:
		decision = skip(NoWebIdentity, webIdentityRefusal(in, options, settings))
	case decision.Reason == NameTaken && options.webIdentity != nil:
		decision = skip(NameTaken, tokenNameMessage)
	case !decision.Injects():
		decision = Skip(decision.Reason)
	}
	decision.options, decision.resources = options, resources
	if decision.Injects() && in.Identities.IsZero() {
		decision.Status = unassociatedStatus(in.Namespace, in.ServiceAccount(), in.Refused)
	}
	if in.Refused != "" && (decision.Injects() || decision.Reason == NotAssociated) {
		decision.Warnings = append(decision.Warnings, warning(in.Refused))
	}
	if decision.Reason == NotAssociated && in.Refused != "" {
		decision.Status += separator + in.Refused
	}
	if decision.Injects() {
		notes = append(notes, ownCredentialsNotes(applicationContainers(in.Pod), options)...)
	}
	if decision.withSidecar() {
		notes = append(notes, sharedNotes(in, options)...)
	}
	if decision.Reason == NotAssociated && options.webIdentity != nil {
		// Whoever asks for it expects it.
		decision.Warnings = append(decision.Warnings, warning(decision.Status))
	}
	for _, note := range notes {
		decision.Warnings = append(decision.Warnings, warning(note))
	}
	decision.Status = truncate(strings.Join(append([]string{decision.Status}, notes...), separator))
	return decision
}

func reasonFor(in Input, options podOptions, settings Settings, fit bool) Reason {
	pod := in.Pod
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	hasOwn := func(c *corev1.Container) bool { return ownCredentials(c, options) != "" }
	switch {
	case mirror:
		return MirrorPod
	case pod.Annotations[contract.AnnotationInject] == "false":
		return OptedOut
	case in.Mode != contract.InjectEnabled && in.Mode != contract.InjectAssociated:
		return UnknownLabel
	case options.webIdentity != nil:
		return webIdentityReason(in, options, settings)
	case pod.Spec.HostNetwork:
		return HostNetwork
	case isWindows(pod):
		return Windows
	case nameTaken(pod, settings):
		return NameTaken
	// An existing sidecar is completed, whatever other webhooks have done since it was added.
	case existingSidecar(pod) != nil:
		return Injected
	case every(eligibleContainers(pod, options), func(c *corev1.Container) bool { return hasOwn(c) && usesIRSA(c) }):
		return IRSA
	case every(eligibleContainers(pod, options), hasOwn):
		return OwnCredentials
	case in.Mode == contract.InjectAssociated && in.Identities.IsZero():
		return NotAssociated
	case !fit:
		return LimitRange
	}
	return Injected
}

// every reports whether the list has items and all of them satisfy the predicate.
func every[T any](items []T, satisfies func(T) bool) bool {
	return len(items) > 0 && !slices.ContainsFunc(items, func(item T) bool { return !satisfies(item) })
}
