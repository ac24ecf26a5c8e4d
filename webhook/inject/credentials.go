package inject

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// The variables by which every AWS SDK finds a server of container credentials; the last is for SDKs from before
// 2023-11, which do not read the file.
const (
	envCredentialsURI    = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	envAuthorizationFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	envAuthorization     = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
)

// authorizationFile is where an application finds the authorization token.
const authorizationFile = contract.AuthorizationMountPath + "/" + contract.AuthorizationFile

// ownCredentials is the first variable by which a container finds AWS credentials other than ours, or "". All of these
// come before, or contradict, container credentials in the SDKs' chains.
func ownCredentials(env []corev1.EnvVar, a asked) string {
	for _, variable := range env {
		ours := ""
		switch variable.Name {
		case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
			"AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
			"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI":
		case envCredentialsURI:
			ours = contract.CredentialsURI(a.port)
		case envAuthorizationFile:
			ours = authorizationFile
		case envAuthorization:
			ours = a.token
		default:
			continue
		}
		if ours == "" || variable.Value != ours {
			return variable.Name
		}
	}
	return ""
}

// leftAlone notes each container that keeps AWS credentials of its own.
func leftAlone(among []*corev1.Container, a asked) []string {
	var notes []string
	for _, container := range among {
		if a.skips(container.Name) {
			continue
		}
		if variable := ownCredentials(container.Env, a); variable != "" {
			notes = append(notes, fmt.Sprintf("container %s keeps its own AWS credentials: remove %s to give it these", container.Name, variable))
		}
	}
	return notes
}

// allBringCredentials tells whether no container would use the sidecar.
func allBringCredentials(pod *corev1.Pod, a asked) bool {
	all := applications(pod, a)
	for _, container := range all {
		if ownCredentials(container.Env, a) == "" {
			return false
		}
	}
	return len(all) > 0
}

// applications are the containers that may get credentials.
func applications(pod *corev1.Pod, a asked) []*corev1.Container {
	return slices.DeleteFunc(containers(pod), func(c *corev1.Container) bool { return a.skips(c.Name) })
}

// tokenOf is the authorization token of a sidecar that is there already, so that containers added later get the same, or
// else the fresh one.
func tokenOf(sidecar *corev1.Container, fresh string) string {
	if sidecar == nil {
		return fresh
	}
	for _, variable := range sidecar.Env {
		if variable.Name == envAuthorization {
			return variable.Value
		}
	}
	return ""
}
