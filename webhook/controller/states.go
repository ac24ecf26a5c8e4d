package controller

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// The states of a pod in metrics. Each pod has one.
const (
	// stateWithCredentials is that of a pod of which nothing is known to be wrong.
	stateWithCredentials = "WithCredentials"
	// stateAwaiting is that of a pod whose sidecar runs without the first credentials, and does not say that these are refused.
	stateAwaiting = "Awaiting"
	// stateRefused is that of a pod whose sidecar says that its role is refused, before the first credentials or after them, and of one whose
	// ServiceAccount names a role that its namespace does not allow.
	stateRefused = "Refused"
	// stateFailing is that of a pod that has had credentials and gets no new ones, for another reason than a refusal.
	stateFailing = "Failing"
	// stateUnassociated is that of a pod to which nothing gives a role.
	stateUnassociated = "Unassociated"
	// stateOutdated is that of a pod whose sidecar is too old for a restriction of its association.
	stateOutdated = "Outdated"
	// stateNotRunning is that of a pod whose sidecar has not started yet, or has ended.
	stateNotRunning = "NotRunning"
	// stateUninjected is that of a pod that should have been injected and was not.
	stateUninjected = "Uninjected"
)

// stateOf is the state of an injected pod. Outside is whether its role is outside of the bounds of its namespace, unknown are the critical
// fields that its sidecar does not know, and said is what that last said of a trouble.
func stateOf(pod *corev1.Pod, associated, outside bool, unknown []string, said string) string {
	switch {
	case outside && sidecarRuns(pod):
		return stateRefused
	case !associated && !outside:
		return stateUnassociated
	case len(unknown) > 0:
		return stateOutdated
	case !sidecarRuns(pod):
		return stateNotRunning
	case isRefusal(said):
		return stateRefused
	case awaitingCredentials(pod):
		return stateAwaiting
	case said != "":
		return stateFailing
	}
	return stateWithCredentials
}

// sidecarRuns is false of a pod that starts, and of one whose sidecar has ended.
func sidecarRuns(pod *corev1.Pod) bool {
	for _, status := range pod.Status.InitContainerStatuses {
		if status.Name == contract.ContainerName {
			return status.State.Running != nil
		}
	}
	return pod.Status.Phase != corev1.PodPending
}

// isRefusal reports whether a sidecar's sentence is a refusal that lasts until somebody changes something, such as
// "STS refuses role R: AccessDenied: ...". Throttling and failures of the service have the same form.
func isRefusal(sentence string) bool {
	_, after, refuses := strings.Cut(sentence, " refuses")
	_, after, coded := strings.Cut(after, ": ")
	code, _, _ := strings.Cut(strings.ToLower(after), ":")
	passes := slices.ContainsFunc([]string{
		"throttl", "toomanyrequests", "requestlimitexceeded", "slowdown", "unavailable", "internal", "expiredtoken", "idpcommunication",
	}, func(part string) bool { return strings.Contains(code, part) })
	return refuses && coded && !passes
}
