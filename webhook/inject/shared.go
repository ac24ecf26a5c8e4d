package inject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// sharedNotes say what lets containers of a pod have the credentials of others, where these are not the same for all.
func sharedNotes(in Input, options podOptions) []string {
	suspects := applicationContainers(in.Pod)
	if len(given(in, options).Containers) == 0 {
		// Only those that get nothing have something to take.
		suspects = slices.DeleteFunc(suspects, func(c *corev1.Container) bool { return !options.skips(c.Name) })
	}
	return sharedNotesOf(in.Pod, suspects, tokenHolders(in.Pod, options))
}

// SharedNotes say what lets containers of a pod with our sidecar have the credentials of others, one sentence each. It is for pods whose
// containers may have come to differ since their admission; of others it says nothing.
func SharedNotes(pod *corev1.Pod, identities contract.Identities) []string {
	sidecar := existingSidecar(pod)
	if sidecar == nil || !hasEnv(sidecar.Env, contract.EnvContainers) {
		return nil
	}
	holders := setOf(Containers(pod), func(name *string) string { return *name })
	if !slices.ContainsFunc(identities.Containers, func(own contract.Identity) bool { return holders.has(own.Container) }) {
		return nil
	}
	return sharedNotesOf(pod, applicationContainers(pod), holders)
}

// sharedNotesOf are the notes about the suspects, where holders are the containers with a token.
func sharedNotesOf(pod *corev1.Pod, suspects []*corev1.Container, holders set) []string {
	if len(suspects) == 0 {
		return nil
	}
	var notes []string
	if pod.Spec.HostPID || isTrue(pod.Spec.ShareProcessNamespace) {
		notes = append(notes, "the containers see each other's processes, so each can take the credentials of the others: remove shareProcessNamespace and hostPID to keep them apart")
	}
	for _, trespass := range []struct {
		holds func(pod *corev1.Pod, container *corev1.Container, holders set) bool
		note  string
	}{
		{isPrivileged, "can take the credentials of the others by privilege: take privileged and capabilities such as NET_ADMIN away to keep them apart"},
		{mayCapture, "can read what the others receive, if it has the capability NET_RAW: drop that, or set runAsNonRoot and allowPrivilegeEscalation: false"},
		{mountsTokens, "can read the tokens of the others by a mount of volume " + contract.AuthorizationVolumeName + ": remove that mount"},
	} {
		var names []string
		for _, container := range suspects {
			if !isMeshContainer(container.Name) && trespass.holds(pod, container, holders) {
				names = append(names, container.Name)
			}
		}
		if len(names) > 0 {
			notes = append(notes, fmt.Sprintf("container %.100s %s", strings.Join(names, " and "), trespass.note))
		}
	}
	return notes
}

// isPrivileged reports whether a container may divert the connections of the others, or enter them.
func isPrivileged(_ *corev1.Pod, container *corev1.Container, _ set) bool {
	security := container.SecurityContext
	if security == nil {
		return false
	}
	if security.Privileged != nil && *security.Privileged {
		return true
	}
	return security.Capabilities != nil && slices.ContainsFunc(security.Capabilities.Add, func(added corev1.Capability) bool {
		switch strings.TrimPrefix(strings.ToUpper(string(added)), "CAP_") {
		case "ALL", "NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE":
			return true
		}
		return false
	})
}

// mayCapture reports whether a container can listen in on the loopback interface. Container runtimes give NET_RAW to root unless it is
// dropped. Processes of another user get it only where they may become more than that user, by a program that its image has for this.
func mayCapture(pod *corev1.Pod, container *corev1.Container, holders set) bool {
	if isPrivileged(pod, container, holders) {
		return false // which says more
	}
	var added, dropped []corev1.Capability
	user, nonRoot, confined := inheritedUser(pod), pod.Spec.SecurityContext != nil && isTrue(pod.Spec.SecurityContext.RunAsNonRoot), false
	if security := container.SecurityContext; security != nil {
		if security.RunAsUser != nil {
			user = security.RunAsUser
		}
		if security.RunAsNonRoot != nil {
			nonRoot = *security.RunAsNonRoot
		}
		confined = security.AllowPrivilegeEscalation != nil && !*security.AllowPrivilegeEscalation
		if security.Capabilities != nil {
			added, dropped = security.Capabilities.Add, security.Capabilities.Drop
		}
	}
	has := func(list []corev1.Capability, names ...string) bool {
		return slices.ContainsFunc(list, func(c corev1.Capability) bool {
			return slices.Contains(names, strings.TrimPrefix(strings.ToUpper(string(c)), "CAP_"))
		})
	}
	switch {
	case has(added, "NET_RAW"):
		return true
	case has(dropped, "ALL", "NET_RAW"):
		return false
	}
	return !confined || !nonRoot && (user == nil || *user == 0)
}

func isTrue(value *bool) bool { return value != nil && *value }

// mountsTokens reports whether a container mounts more of the volume than the webhook has it do: any of it where it gets no token.
func mountsTokens(_ *corev1.Pod, container *corev1.Container, holders set) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool {
		return m.Name == contract.AuthorizationVolumeName && (!holders.has(container.Name) || m.MountPath != contract.AuthorizationMountPath)
	})
}
