package inject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// The variables by which AWS SDKs find a server of container credentials. SDKs from before 2023-11 do not read the file, but
// contract.EnvAuthorizationToken.
const (
	envCredentialsURI    = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	envAuthorizationFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

const (
	// The variables of profiles, which may name our server as their source: credential_source = EcsContainer.
	envProfile           = "AWS_PROFILE"
	envDefaultProfile    = "AWS_DEFAULT_PROFILE"
	envSharedCredentials = "AWS_SHARED_CREDENTIALS_FILE"
	// irsaDir is where the IRSA webhook, and nobody else, mounts its token (amazon-eks-pod-identity-webhook, README).
	irsaDir = "/var/run/secrets/eks.amazonaws.com/"
)

// authorizationFile is where an application finds the authorization token.
const authorizationFile = contract.AuthorizationMountPath + "/" + contract.AuthorizationFile

// ownCredentials is the first variable by which a container finds AWS credentials other than ours, or "". In the SDKs' chains all of
// these precede or contradict container credentials. A container that asks to be injected all the same has none, but for those of
// another server, which would be sent our authorization token.
func ownCredentials(container *corev1.Container, options podOptions) string {
	token, copied := options.tokenOf(container.Name), options.copiedToken(container)
	for _, variable := range container.Env {
		ours := ""
		switch variable.Name {
		case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", envProfile, envDefaultProfile, envSharedCredentials:
			if options.inject.has(container.Name) {
				continue
			}
		case envWebIdentityFile, envRoleARN:
			// Beside a token of ours, neither a foreign token nor a foreign role may stand.
			if ours = options.webIdentity.value(variable.Name); ours == "" && (variable.Name == envRoleARN || options.inject.has(container.Name)) {
				continue
			}
		case "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI":
		case envCredentialsURI:
			ours = contract.CredentialsURI(options.port)
		case envAuthorizationFile:
			if strings.HasPrefix(variable.Value, contract.AuthorizationMountPath+"/") {
				continue
			}
		case contract.EnvAuthorizationToken:
			if copied != "" && variable.Value == copied {
				continue
			}
			ours = token
		default:
			continue
		}
		if ours == "" || variable.Value != ours {
			return variable.Name
		}
	}
	return ""
}

// ownCredentialsNotes name the containers that keep AWS credentials of their own, and the remedy.
func ownCredentialsNotes(containers []*corev1.Container, options podOptions) []string {
	var notes []string
	for _, container := range containers {
		if len(notes) == maxNotes {
			return append(notes, "more containers do not get these credentials either")
		}
		if options.skips(container.Name) {
			continue
		}
		switch variable := ownCredentials(container, options); {
		case variable == "":
		case isProfile(variable):
			notes = append(notes, fmt.Sprintf("container %.63s keeps its own AWS credentials: remove %s, or name the container in %s, to give it these", container.Name, variable, contract.AnnotationInjectContainers))
		case usesIRSA(container):
			notes = append(notes, fmt.Sprintf("container %.63s uses IRSA, which SDKs prefer: remove %s from the service account to give it these", container.Name, contract.AnnotationRoleARN))
		default:
			notes = append(notes, fmt.Sprintf("container %.63s keeps its own AWS credentials: remove %s to give it these", container.Name, variable))
		}
	}
	return notes
}

func isProfile(variable string) bool {
	return variable == envProfile || variable == envDefaultProfile || variable == envSharedCredentials
}

// usesIRSA reports whether the IRSA webhook has configured the container. All SDKs read its variables before container
// credentials.
func usesIRSA(container *corev1.Container) bool {
	return slices.ContainsFunc(container.Env, func(variable corev1.EnvVar) bool {
		return variable.Name == envWebIdentityFile && strings.HasPrefix(variable.Value, irsaDir)
	})
}

// applicationContainers are all containers of the pod but the sidecar, init containers included.
func applicationContainers(pod *corev1.Pod) []*corev1.Container {
	all := make([]*corev1.Container, 0, len(pod.Spec.InitContainers)+len(pod.Spec.Containers))
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			if list[i].Name != contract.ContainerName {
				all = append(all, &list[i])
			}
		}
	}
	return all
}

// eligibleContainers are the containers that may get credentials.
func eligibleContainers(pod *corev1.Pod, options podOptions) []*corev1.Container {
	return slices.DeleteFunc(applicationContainers(pod), func(c *corev1.Container) bool { return options.skips(c.Name) })
}

// authorizationToken is the token of an existing sidecar, so that containers added later get the same one, or else the
// fresh one.
func authorizationToken(sidecar *corev1.Container, fresh string) string {
	if sidecar == nil {
		return fresh
	}
	for _, variable := range sidecar.Env {
		if variable.Name == contract.EnvAuthorizationToken {
			return variable.Value
		}
	}
	return ""
}
