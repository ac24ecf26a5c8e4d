package inject

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// equip gives one container of the application what the SDKs look for. What the container has already stays. One that
// brings AWS credentials of its own is left alone as a whole.
func equip(p *patch, path string, container corev1.Container, a asked, settings Settings) {
	if container.Name == contract.ContainerName || a.skips(container.Name) || ownCredentials(container.Env, a) != "" {
		return
	}
	wanted := append(applicationEnv(container, a, settings), exemptFromProxy(p, path+"/env", container)...)
	extend(p, path+"/env", len(container.Env), missingEnv(container.Env, wanted))
	if slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == contract.AuthorizationMountPath }) {
		return
	}
	extend(p, path+"/volumeMounts", len(container.VolumeMounts), []corev1.VolumeMount{{
		Name:      contract.AuthorizationVolumeName,
		MountPath: contract.AuthorizationMountPath,
		ReadOnly:  true,
	}})
}

func applicationEnv(container corev1.Container, a asked, settings Settings) []corev1.EnvVar {
	env := []corev1.EnvVar{
		{Name: envCredentialsURI, Value: contract.CredentialsURI(a.port)},
		{Name: envAuthorizationFile, Value: authorizationFile},
	}
	if a.token != "" {
		env = append(env, corev1.EnvVar{Name: envAuthorization, Value: a.token})
	}
	// Either of the two counts as set: SDKs differ in which one they read first, and a container that names its region
	// by one of them must not get another region by the other.
	if settings.Region != "" && !mayHave(container, "AWS_REGION") && !mayHave(container, "AWS_DEFAULT_REGION") {
		env = append(env,
			corev1.EnvVar{Name: "AWS_REGION", Value: settings.Region},
			corev1.EnvVar{Name: "AWS_DEFAULT_REGION", Value: settings.Region})
	}
	if settings.DisableIMDS {
		env = append(env, corev1.EnvVar{Name: "AWS_EC2_METADATA_DISABLED", Value: "true"})
	}
	return env
}

// missingEnv are those of wanted that are not there under any value.
func missingEnv(has, wanted []corev1.EnvVar) []corev1.EnvVar {
	return slices.DeleteFunc(wanted, func(variable corev1.EnvVar) bool { return hasEnv(has, variable.Name) })
}

func hasEnv(env []corev1.EnvVar, name string) bool {
	return slices.ContainsFunc(env, func(variable corev1.EnvVar) bool { return variable.Name == name })
}

// mayHave tells whether a container has a variable, or may have it from a source that is not known here: a variable of
// ours would win over that in silence (aws/amazon-eks-pod-identity-webhook#248).
func mayHave(container corev1.Container, name string) bool {
	return hasEnv(container.Env, name) || slices.ContainsFunc(container.EnvFrom, func(source corev1.EnvFromSource) bool {
		return strings.HasPrefix(name, source.Prefix)
	})
}
