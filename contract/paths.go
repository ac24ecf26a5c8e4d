package contract

import "strconv"

const (
	// DefaultPort of the sidecar on 127.0.0.1 is outside the ephemeral range, so that no outgoing connection of the pod can take it
	// first.
	DefaultPort = 2711
	// DefaultProbePort of the sidecar on the pod's address is for the kubelet's probes.
	DefaultProbePort = 2713

	// MountPath is where VolumeName is mounted, only in the sidecar. It is the path of the token for the Kubernetes API: the API
	// server mounts none in a container that has something there. The sidecar does not need one; and since the API server then
	// does not change the pod, it does not call the webhook again.
	MountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
	// TokenFile below MountPath is the projected service account token.
	TokenFile = "token"
	// IdentityFile below MountPath is the identity document.
	IdentityFile = "identity"

	// STSCAFile below MountPath is the CA bundle of STS, in an installation that sets one.
	STSCAFile = "sts-ca.crt"
	// AuthCAFile below MountPath is the CA bundle of the auth service, in an installation whose pods use it.
	AuthCAFile = "auth-ca.crt"

	// AuthorizationMountPath is where AuthorizationVolumeName is mounted: all of it in the sidecar, and its folder in each container of
	// the application; see AuthorizationFolder.
	AuthorizationMountPath = "/var/run/secrets/" + Domain + "/authorization"
	// AuthorizationFile is the authorization token, in the folder of each container, and at the top for containers that have none.
	AuthorizationFile = "token"
	// StartedFile below AuthorizationMountPath exists once the pod has started.
	StartedFile = "started"

	// WebIdentityMountPath is where WebIdentityVolumeName is mounted, in the containers of the application; TokenFile is below it.
	WebIdentityMountPath = "/var/run/secrets/" + Domain + "/web-identity"

	// CredentialsPath is the URL path of the credentials.
	CredentialsPath = "/v1/credentials"

	// ReadyzPath is the URL path of the readiness probe. It fails until the pod has started: until it has its first credentials, or
	// needs none. Nothing that happens later makes it fail.
	ReadyzPath = "/readyz"
	// LivezPath is the URL path of the liveness probe, which succeeds always. While something is wrong, it succeeds with a warning: the
	// kubelet then reports the reason as an event of the pod.
	LivezPath = "/livez"

	// STSAudience is the audience of the token for AWS STS.
	STSAudience = "sts.amazonaws.com"
	// AuthAudience is the audience of the token for the EKS Auth API.
	AuthAudience = "pods.eks.amazonaws.com"
	// HeaderIdentityDigest is the header with the Identity.Digest of the session, in responses of our auth service. It is not part
	// of the EKS Auth API.
	HeaderIdentityDigest = "Pod-Identity-Digest"
	// HeaderContainer is the header with the name of the container, in requests to our auth service for an identity that a container has
	// for itself. It is not part of the EKS Auth API.
	HeaderContainer = "Pod-Identity-Container"
)

// AuthorizationFolder is the folder of a container in AuthorizationVolumeName.
func AuthorizationFolder(container string) string { return "containers/" + container }

// CredentialsURI is the value of AWS_CONTAINER_CREDENTIALS_FULL_URI for a sidecar on port. Its host is the literal 127.0.0.1, the
// only form that every AWS SDK accepts: Swift refuses localhost, JavaScript v2 refuses [::1], and Kotlin refuses every other address
// of 127.0.0.0/8.
func CredentialsURI(port int) string {
	return "http://" + ListenAddress(port) + CredentialsPath
}

// ListenAddress is the address of a sidecar on port.
func ListenAddress(port int) string {
	return "127.0.0.1:" + strconv.Itoa(port)
}
