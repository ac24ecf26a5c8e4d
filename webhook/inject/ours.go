package inject

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// A pod may come with our container and volumes: from an earlier pass of the same admission, between two of which other webhooks
// may have changed them, or from a manifest that was copied from a running pod, when the installation had other settings. What is
// taken for ours must hold in both cases, and not run another program or give another pod's name in the session tags. Its author
// could reach the same with a container of another name. But the status must not say of such a pod that it is injected. Not compared
// are the registry, which mirrors change, and the mounts: versions differ in them, and other webhooks add some.

// nameTaken reports whether the pod uses one of our names for something that is not ours.
func nameTaken(pod *corev1.Pod, settings Settings) bool {
	existing := existingSidecar(pod)
	return tampered(pod) || existing != nil && !isOurImage(existing.Image, settings.Image) ||
		slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == contract.VolumeName && !hasOurAudience(v, settings) })
}

// HasSidecar reports whether an earlier admission has injected the pod. It does not compare the image and the audience, since pods
// run on when the installation changes them.
func HasSidecar(pod *corev1.Pod) bool { return existingSidecar(pod) != nil && !tampered(pod) }

// existingSidecar is the native sidecar of our name, or nil.
func existingSidecar(pod *corev1.Pod) *corev1.Container {
	if i := slices.IndexFunc(pod.Spec.InitContainers, isSidecar); i >= 0 {
		return &pod.Spec.InitContainers[i]
	}
	return nil
}

func isSidecar(container corev1.Container) bool {
	return container.Name == contract.ContainerName && isNativeSidecar(container)
}

func isNativeSidecar(container corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// tampered reports whether something of our names is not as any version of ours writes it, whatever its settings.
func tampered(pod *corev1.Pod) bool {
	foreign := func(c corev1.Container) bool {
		if c.Name == contract.ContainerName {
			return !isNativeSidecar(c) || !runsAsOurs(c)
		}
		return mountsToken(c)
	}
	return slices.ContainsFunc(pod.Spec.InitContainers, foreign) ||
		slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == contract.ContainerName || mountsToken(c) }) ||
		slices.ContainsFunc(pod.Spec.Volumes, isForeignVolume)
}

// mountsToken reports whether a container of the application would read the service account token, which we give only to the sidecar.
func mountsToken(container corev1.Container) bool {
	return slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == contract.VolumeName })
}

// runsAsOurs reports whether a container runs the program of its image, with none but our arguments, for its own pod.
func runsAsOurs(container corev1.Container) bool {
	foreignArgument := func(argument string) bool {
		return !strings.HasPrefix(argument, listenFlag) && !strings.HasPrefix(argument, metricsFlag) && !strings.HasPrefix(argument, probeFlag) && !strings.HasPrefix(argument, sourceFlag)
	}
	return len(container.Command) == 0 && !slices.ContainsFunc(container.Args, foreignArgument) && namesItsPod(container)
}

// namesItsPod reports whether the variables that name the pod have their values from the API server. The last of several with one
// name counts. A variable that is not set may come from envFrom.
func namesItsPod(container corev1.Container) bool {
	last := map[string]corev1.EnvVar{}
	for _, variable := range container.Env {
		last[variable.Name] = variable
	}
	for _, wanted := range podEnv() {
		variable, set := last[wanted.Name]
		if !set && len(container.EnvFrom) > 0 {
			return false
		}
		if set && (variable.Value != "" || variable.ValueFrom == nil || variable.ValueFrom.FieldRef == nil ||
			variable.ValueFrom.FieldRef.FieldPath != wanted.ValueFrom.FieldRef.FieldPath) {
			return false
		}
	}
	return true
}

// isOurImage compares the paths of repositories. Tags and digests change with each release, registries when an installation moves or
// another webhook puts a mirror in their place.
func isOurImage(image, ours string) bool {
	return strings.HasSuffix("/"+repository(image), "/"+withoutRegistry(repository(ours)))
}

// repository is an image without its tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if tag := strings.LastIndexByte(image, ':'); tag > strings.LastIndexByte(image, '/') {
		image = image[:tag]
	}
	return image
}

// withoutRegistry cuts the host off: the first part of a name, if that has a dot or a port or is localhost.
func withoutRegistry(repository string) string {
	host, path, found := strings.Cut(repository, "/")
	if found && (strings.ContainsAny(host, ".:") || host == "localhost") {
		return path
	}
	return repository
}
