package inject

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// configureContainer adds what the SDKs look for to one container of the application. It changes nothing that the container
// has already, but what is ours and another container's, and nothing at all in a container with AWS credentials of its own.
func (i *Injector) configureContainer(to *patch, path string, container *corev1.Container, options podOptions) {
	if container.Name == contract.ContainerName || options.skips(container.Name) || ownCredentials(container, options) != "" {
		return
	}
	wanted := containerEnv(container, options, i.settings)
	if options.webIdentity == nil {
		wanted = append(wanted, bypassProxy(to, path+"/env", container)...)
	}
	options.replaceCopied(to, path+"/env", container)
	to.extend(path+"/env", len(container.Env), encodeEnv(missingEnv(container.Env, wanted)))
	client := i.client(options)
	at := slices.IndexFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == client.path })
	folder := options.folderOf(container.Name)
	switch {
	case at < 0:
		to.extend(path+"/volumeMounts", len(container.VolumeMounts), []json.RawMessage{client.mountOf(folder)})
	case isAnothersFolder(container.VolumeMounts[at], folder):
		// It was copied from a container of another name, or from a pod of another release.
		to.write("replace", itemPath(path+"/volumeMounts", at), client.mountOf(folder))
	}
}

func isAnothersFolder(mount corev1.VolumeMount, folder string) bool {
	return mount.Name == contract.AuthorizationVolumeName && (mount.SubPath != folder || mount.SubPathExpr != "")
}

func containerEnv(container *corev1.Container, options podOptions, settings Settings) []corev1.EnvVar {
	env := sourceEnv(container, options, settings)
	// Either of the two counts as set: SDKs differ in which one they read first, and a container that sets its region with
	// one of them must not get another region from the other.
	if settings.Region != "" && !mayDefine(container, contract.EnvRegion) && !mayDefine(container, "AWS_DEFAULT_REGION") {
		env = append(env,
			corev1.EnvVar{Name: contract.EnvRegion, Value: settings.Region},
			corev1.EnvVar{Name: "AWS_DEFAULT_REGION", Value: settings.Region})
	}
	if settings.DisableIMDS {
		env = append(env, corev1.EnvVar{Name: "AWS_EC2_METADATA_DISABLED", Value: "true"})
	}
	return env
}

// sourceEnv says where the credentials come from.
func sourceEnv(container *corev1.Container, options podOptions, settings Settings) []corev1.EnvVar {
	if options.webIdentity != nil {
		return options.webIdentity.env(container, settings)
	}
	env := []corev1.EnvVar{
		{Name: envCredentialsURI, Value: contract.CredentialsURI(options.port)},
		{Name: envAuthorizationFile, Value: options.file()},
	}
	if token := options.tokenOf(container.Name); token != "" {
		env = append(env, corev1.EnvVar{Name: contract.EnvAuthorizationToken, Value: token})
	}
	return env
}

// missingEnv are the wanted variables that are not set to any value.
func missingEnv(env, wanted []corev1.EnvVar) []corev1.EnvVar {
	return slices.DeleteFunc(wanted, func(variable corev1.EnvVar) bool { return hasEnv(env, variable.Name) })
}

func hasEnv(env []corev1.EnvVar, name string) bool {
	return slices.ContainsFunc(env, func(variable corev1.EnvVar) bool { return variable.Name == name })
}

// mayDefine reports whether a container sets a variable, or may set it with envFrom, whose content is not known here: a
// variable of ours would silently override that one (aws/amazon-eks-pod-identity-webhook#248).
func mayDefine(container *corev1.Container, name string) bool {
	return hasEnv(container.Env, name) || slices.ContainsFunc(container.EnvFrom, func(source corev1.EnvFromSource) bool {
		return strings.HasPrefix(name, source.Prefix)
	})
}
