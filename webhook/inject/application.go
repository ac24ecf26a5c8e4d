package inject

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// The two variables by which every AWS SDK finds a server of container credentials.
const (
	envCredentialsURI    = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	envAuthorizationFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// authorizationFile is where an application finds the authorization token.
const authorizationFile = contract.AuthorizationMountPath + "/" + contract.AuthorizationFile

// equip gives one container of the application what the SDKs look for. What the container has already stays. A container
// that brings AWS credentials of its own is left alone as a whole, and named in the warning: the SDKs prefer those.
func equip(p *patch, path string, container corev1.Container, a asked, settings Settings) (warnings []string) {
	if variable := ownCredentials(container.Env, a); variable != "" {
		return []string{fmt.Sprintf("pod identity: container %s sets %s, which the AWS SDKs prefer; remove it to get the credentials of the association",
			container.Name, variable)}
	}
	extend(p, path+"/env", len(container.Env), missingEnv(container.Env, applicationEnv(container.Env, a, settings)))
	for _, mount := range container.VolumeMounts {
		if mount.MountPath == contract.AuthorizationMountPath {
			return nil
		}
	}
	extend(p, path+"/volumeMounts", len(container.VolumeMounts), []corev1.VolumeMount{{
		Name:      contract.AuthorizationVolumeName,
		MountPath: contract.AuthorizationMountPath,
		ReadOnly:  true,
	}})
	return nil
}

// ownCredentials is the first variable by which a container finds AWS credentials other than ours, or "".
func ownCredentials(env []corev1.EnvVar, a asked) string {
	for _, variable := range env {
		switch variable.Name {
		case "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
			"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN":
			return variable.Name
		case envCredentialsURI:
			if variable.Value != contract.CredentialsURI(a.port) {
				return variable.Name
			}
		case envAuthorizationFile:
			if variable.Value != authorizationFile {
				return variable.Name
			}
		}
	}
	return ""
}

func applicationEnv(present []corev1.EnvVar, a asked, settings Settings) []corev1.EnvVar {
	env := []corev1.EnvVar{
		{Name: envCredentialsURI, Value: contract.CredentialsURI(a.port)},
		{Name: envAuthorizationFile, Value: authorizationFile},
	}
	// Either of the two counts as set: SDKs differ in which one they read first, and a container that names its region
	// by one of them must not get another region by the other.
	if settings.Region != "" && !hasEnv(present, "AWS_REGION") && !hasEnv(present, "AWS_DEFAULT_REGION") {
		env = append(env,
			corev1.EnvVar{Name: "AWS_REGION", Value: settings.Region},
			corev1.EnvVar{Name: "AWS_DEFAULT_REGION", Value: settings.Region})
	}
	if settings.DisableIMDS {
		env = append(env, corev1.EnvVar{Name: "AWS_EC2_METADATA_DISABLED", Value: "true"})
	}
	return env
}

// missingEnv are those of wanted that are not present under any value.
func missingEnv(present, wanted []corev1.EnvVar) []corev1.EnvVar {
	var missing []corev1.EnvVar
	for _, variable := range wanted {
		if !hasEnv(present, variable.Name) {
			missing = append(missing, variable)
		}
	}
	return missing
}

func hasEnv(env []corev1.EnvVar, name string) bool {
	for _, variable := range env {
		if variable.Name == name {
			return true
		}
	}
	return false
}
