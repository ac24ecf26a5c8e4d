package contract

import "strconv"

const (
	// DefaultPort is where the sidecar listens on 127.0.0.1: outside the ephemeral range, so that no outgoing connection
	// of the pod can take it first.
	DefaultPort = 2711

	// MountPath is where VolumeName is mounted, in the sidecar alone: in the place of the token for the Kubernetes API. The
	// API server gives a container that has something there no such token, which the sidecar does not need; and since it
	// then changes nothing of the pod, it does not call the webhook a second time.
	MountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
	// TokenFile is the projected service account token, a file of MountPath.
	TokenFile = "token"
	// IdentityFile is the identity document, a file of MountPath.
	IdentityFile = "identity"

	// STSCAFile holds the CAs by which STS is known, a file of MountPath where an installation has its own.
	STSCAFile = "sts-ca.crt"
	// AuthCAFile holds the CAs by which the auth service is known, a file of MountPath where pods ask it.
	AuthCAFile = "auth-ca.crt"

	// AuthorizationMountPath is where AuthorizationVolumeName is mounted, in the sidecar and in every application
	// container.
	AuthorizationMountPath = "/var/run/secrets/" + Domain + "/authorization"
	// AuthorizationFile is the authorization token, a file of AuthorizationMountPath.
	AuthorizationFile = "token"

	// CredentialsPath is the one path from which applications read credentials.
	CredentialsPath = "/v1/credentials"

	// DefaultAudience is the audience of the projected token that AWS STS expects from an OIDC provider.
	DefaultAudience = "sts.amazonaws.com"
	// AuthAudience is the audience that the EKS Auth API expects.
	AuthAudience = "pods.eks.amazonaws.com"
	// HeaderIdentity is the header, in an answer of our auth service, with the Identity.Digest of what the session was given
	// for. The EKS Auth API knows no such header.
	HeaderIdentity = "Pod-Identity-Digest"
)

// CredentialsURI is the value of AWS_CONTAINER_CREDENTIALS_FULL_URI for a sidecar on port. The host is the literal
// 127.0.0.1 because it is the only form that every AWS SDK accepts: Swift refuses localhost, JavaScript v2 refuses [::1],
// Kotlin every other address of 127.0.0.0/8.
func CredentialsURI(port int) string {
	return "http://" + ListenAddress(port) + CredentialsPath
}

// ListenAddress is where a sidecar on port listens.
func ListenAddress(port int) string {
	return "127.0.0.1:" + strconv.Itoa(port)
}
