package inject

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Each container of the application has an authorization token of its own, so that it can have an identity of its own while the pod runs.
// The sidecar makes the tokens, in folders of which each container mounts its own.

// Containers are the names of those containers of a pod that may have an identity for themselves: those that the sidecar makes tokens for.
// Of a pod that an older webhook has injected, and of one that is not injected yet, they are all.
func Containers(pod *corev1.Pod) []string {
	if sidecar := existingSidecar(pod); sidecar != nil {
		for _, variable := range sidecar.Env {
			if variable.Name == contract.EnvContainers {
				return strings.FieldsFunc(variable.Value, func(r rune) bool { return r == ',' })
			}
		}
	}
	return namesOf(applicationContainers(pod))
}

// ApplicationContainers are the names of all containers of a pod but ours. Its admission asks for the identities of all of them: an earlier pass
// may not have seen some.
func ApplicationContainers(pod *corev1.Pod) []string { return namesOf(applicationContainers(pod)) }

func namesOf(containers []*corev1.Container) []string {
	var all []string
	for _, container := range containers {
		all = append(all, container.Name)
	}
	return all
}

// withToken are the names of the containers of the application that get a token.
func withToken(pod *corev1.Pod, options podOptions) []string {
	return namesOf(slices.DeleteFunc(eligibleContainers(pod, options), func(c *corev1.Container) bool { return ownCredentials(c, options) != "" }))
}

// tokenHolders are withToken as a set.
func tokenHolders(pod *corev1.Pod, options podOptions) set {
	return setOf(withToken(pod, options), func(name *string) string { return *name })
}

// withoutToken are the containers of the application that get no token: those that are skipped, and those that keep AWS credentials of their own.
func withoutToken(pod *corev1.Pod, options podOptions) []*corev1.Container {
	holders := tokenHolders(pod, options)
	return slices.DeleteFunc(applicationContainers(pod), func(c *corev1.Container) bool { return holders.has(c.Name) })
}

// given are the identities that the containers of an injected pod can have.
func given(in Input, options podOptions) contract.Identities {
	ids := in.Identities
	if options.oneToken || len(ids.Containers) == 0 {
		return ids
	}
	holders := tokenHolders(in.Pod, options)
	ids.Containers = slices.DeleteFunc(slices.Clone(ids.Containers), func(own contract.Identity) bool { return !holders.has(own.Container) })
	return ids
}

// containersEnv tells the sidecar which containers there are.
func containersEnv(pod *corev1.Pod, options podOptions) []corev1.EnvVar {
	env := []corev1.EnvVar{{Name: contract.EnvContainers, Value: strings.Join(withToken(pod, options), ",")}}
	if without := withoutToken(pod, options); len(without) > 0 {
		env = append(env, corev1.EnvVar{Name: contract.EnvSkippedContainers, Value: strings.Join(namesOf(without), ",")})
	}
	return env
}

// completeContainers tells the existing sidecar of containers that other webhooks have added since.
func completeContainers(to *patch, path string, sidecar *corev1.Container, pod *corev1.Pod, options podOptions) {
	if options.oneToken {
		return
	}
	for _, wanted := range containersEnv(pod, options) {
		at := slices.IndexFunc(sidecar.Env, func(variable corev1.EnvVar) bool { return variable.Name == wanted.Name })
		switch {
		case at < 0:
			to.extend(path+"/env", len(sidecar.Env), encodeEnv([]corev1.EnvVar{wanted}))
		case sidecar.Env[at] != wanted:
			to.write("replace", itemPath(path+"/env", at), encodeEnv([]corev1.EnvVar{wanted})[0])
		}
	}
}

// folderOf is the folder that a container mounts, or "" for all of the volume.
func (o podOptions) folderOf(container string) string {
	if o.oneToken || o.debug || o.webIdentity != nil {
		return ""
	}
	return contract.AuthorizationFolder(container)
}

// tokenOf is the token in the environment of a container, or "" for none.
func (o podOptions) tokenOf(container string) string {
	if o.debug {
		container = o.target
	}
	if o.token == "" || o.oneToken || container == "" {
		return o.token
	}
	return contract.ContainerToken(o.token, container)
}

// copiedToken is the token of the container whose folder this one mounts, or "" where that is its own: who copies a container from a live pod under
// another name copies both.
func (o podOptions) copiedToken(container *corev1.Container) string {
	at := slices.IndexFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == contract.AuthorizationMountPath })
	if o.folderOf(container.Name) == "" || at < 0 || container.VolumeMounts[at].Name != contract.AuthorizationVolumeName {
		return ""
	}
	former, ok := strings.CutPrefix(container.VolumeMounts[at].SubPath, contract.AuthorizationFolder(""))
	if !ok || former == container.Name {
		return ""
	}
	return o.tokenOf(former)
}

// replaceCopied gives a container its own token in place of a copied one.
func (o podOptions) replaceCopied(to *patch, path string, container *corev1.Container) {
	copied := o.copiedToken(container)
	for n, variable := range container.Env {
		if copied != "" && variable.Name == contract.EnvAuthorizationToken && variable.Value == copied {
			to.write("replace", itemPath(path, n), encodeEnv([]corev1.EnvVar{{Name: variable.Name, Value: o.tokenOf(container.Name)}})[0])
		}
	}
}

// file is where a container finds its token.
func (o podOptions) file() string {
	if o.target == "" {
		return authorizationFile
	}
	return contract.AuthorizationMountPath + "/" + contract.AuthorizationFolder(o.target) + "/" + contract.AuthorizationFile
}

// debugging are the options of a container of `kubectl debug`: it gets what its target has, or else what the pod has. It is not ok where the
// target has nothing. Kubernetes allows it no subPath, so it mounts the tokens of all.
func (o podOptions) debugging(pod *corev1.Pod, target string) (of podOptions, ok bool) {
	o.debug = true
	if target == "" || o.oneToken {
		return o, true
	}
	o.target = target
	return o, slices.Contains(Containers(pod), target)
}
