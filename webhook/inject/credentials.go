package inject

import (
	"fmt"
	"slices"
	"strings"

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

const (
	// envWebIdentityFile is the variable by which SDKs exchange a token themselves.
	envWebIdentityFile = "AWS_WEB_IDENTITY_TOKEN_FILE"
	// irsaAnnotation is the annotation of a ServiceAccount that has the webhook of IRSA set it.
	irsaAnnotation = "eks.amazonaws.com/role-arn"
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
			"AWS_SHARED_CREDENTIALS_FILE", envWebIdentityFile,
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
		switch variable := ownCredentials(container.Env, a); {
		case variable == "":
		case equippedForIRSA(container):
			notes = append(notes, fmt.Sprintf("container %s uses the role of IRSA, which wins in the SDKs: remove %s from the service account to give it these", container.Name, irsaAnnotation))
		default:
			notes = append(notes, fmt.Sprintf("container %s keeps its own AWS credentials: remove %s to give it these", container.Name, variable))
		}
	}
	return notes
}

// irsaFolder is where the webhook of IRSA mounts its token, and nobody else (amazon-eks-pod-identity-webhook, README).
const irsaFolder = "/var/run/secrets/eks.amazonaws.com/"

// equippedForIRSA tells whether the webhook of IRSA was there before us. In all SDKs its variables come before container
// credentials.
func equippedForIRSA(container *corev1.Container) bool {
	return slices.ContainsFunc(container.Env, func(variable corev1.EnvVar) bool {
		return variable.Name == envWebIdentityFile && strings.HasPrefix(variable.Value, irsaFolder)
	})
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
