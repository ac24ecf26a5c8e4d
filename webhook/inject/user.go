package inject

import (
	corev1 "k8s.io/api/core/v1"
)

// unprivilegedUser is the user of the sidecar's image.
const unprivilegedUser int64 = 65532

// securityContext passes the Pod Security Standard "restricted".
func securityContext(user *int64) *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		Privileged:               new(false),
		ReadOnlyRootFilesystem:   new(true),
		RunAsNonRoot:             new(true),
		RunAsUser:                user,
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// user is the user ID of the sidecar, nil for that of the pod or else the image, which also suits OpenShift's ranges.
//
// The kubelet gives projected tokens the mode 0600 if all containers run as the same explicit user, and 0644 otherwise
// (Kubernetes' FsUserFrom), so the sidecar takes that user too. But it never runs as root: beside containers that all run
// as root, the wider mode exposes the tokens to nobody else.
func user(pod *corev1.Pod) *int64 {
	inherited := inheritedUser(pod)
	shared := sharedUser(pod, inherited)
	switch {
	case shared != nil && *shared != 0 && (inherited == nil || *inherited != *shared):
		return new(*shared)
	case inherited != nil && *inherited == 0:
		return new(unprivilegedUser)
	}
	return nil
}

// inheritedUser is the user of containers that set none, or nil.
func inheritedUser(pod *corev1.Pod) *int64 {
	if pod.Spec.SecurityContext == nil {
		return nil
	}
	return pod.Spec.SecurityContext.RunAsUser
}

// sharedUser is the user that all containers set explicitly, or nil.
func sharedUser(pod *corev1.Pod, inherited *int64) *int64 {
	var shared *int64
	for _, container := range applicationContainers(pod) {
		user := inherited
		if container.SecurityContext != nil && container.SecurityContext.RunAsUser != nil {
			user = container.SecurityContext.RunAsUser
		}
		if user == nil || shared != nil && *user != *shared {
			return nil
		}
		shared = user
	}
	return shared
}
