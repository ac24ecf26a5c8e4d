package check

import (
	"cmp"
	"strings"
)

// saying is something that a sidecar says, and what mends it: docs/troubleshooting.md#what-the-sidecar-says has the same rows.
type saying struct {
	contains, remedy string
	// unnamed is the remedy where no association gives the role, "" for the same.
	unnamed string
}

func sayings() []saying {
	return []saying{
		{contains: "no PodIdentityAssociation gives", remedy: "create an association for the service account: README.md#connect-aws"},
		{contains: "Throttling", remedy: "it tries again by itself; find out who uses up the quota of the account: docs/runbooks/PodIdentitySTSThrottles.md"},
		{contains: "InvalidIdentityToken", remedy: "create an IAM OIDC provider with the cluster's issuer and the audience: README.md#connect-aws; kubectl pod-identity issuer says whether the keys are published"},
		// The auth service, or Amazon's.
		{
			contains: "refuses: AccessDeniedException",
			remedy:   "do what the message says; kubectl pod-identity trust-policy NAME --source=eks-auth prints the trust policy: docs/kubectl.md#trust-policies",
			unnamed:  "do what the message says: auth/README.md#connect-aws",
		},
		{
			contains: "AccessDenied",
			remedy:   "let the role's trust policy allow what the message says; kubectl pod-identity trust-policy NAME prints it: docs/kubectl.md#trust-policies",
			unnamed:  "let the role's trust policy allow what the message says: README.md#connect-aws",
		},
		{contains: "ExpiredToken", remedy: "set the clock of the node"},
		{
			contains: "refuses role",
			remedy:   "correct the role, its trust policy or the association: kubectl edit pia NAME",
			unnamed:  "correct the role, its trust policy or the annotation of the service account",
		},
		{contains: "cannot be reached", remedy: "look at network policies, --region and --sts-https-proxy: docs/troubleshooting.md#what-the-sidecar-says"},
		{contains: "did not answer in time", remedy: "look at network policies, --region and --sts-https-proxy: docs/troubleshooting.md#what-the-sidecar-says"},
		{contains: "is not trusted", remedy: "name the CA with --sts-ca-configmap: docs/troubleshooting.md#what-the-sidecar-says"},
		{contains: "the credentials received expired at", remedy: "set the clock of the node"},
		{contains: "the exchange cannot be started", remedy: "raise the limit of processes or memory of the pod or its node"},
		{contains: "the exchange was ended by a signal", remedy: "raise the memory limit of the sidecar or of the pod"},
		{contains: "the exchange was ended", remedy: "look at the CPU of the node"},
		{contains: "another process of this pod listens on", remedy: "choose another port by the annotation podidentity.dev/port"},
		{contains: "this pod has no address to listen on", remedy: "look at the CNI plugin of the node: the pod's interface lo is not up"},
		{contains: "the response has more than 8000 bytes", remedy: "shorten session tags or policy"},
		{contains: "without the authorization token", remedy: "update the SDK of the application, or set podidentity.dev/authorization: env"},
		{contains: "gives roles to containers, which this pod cannot tell apart", remedy: "create the pod again"},
		{contains: "the container has an association and no authorization token", remedy: "remove the container's own AWS credentials, or the association"},
		{contains: "another process of this pod has listened on", remedy: "find out which container takes the sidecar's port: docs/security.md#containers-of-one-pod"},
		{contains: "replaced the authorization tokens", remedy: "nothing has to be done, but clients that read the token file once have to start again"},
		{contains: "too old to know", remedy: "create the pod again"},
	}
}

// remedyFor is what mends what a sidecar says. Known is false where nobody has written down what does.
func remedyFor(sentence, association string) (remedy string, known bool) {
	for _, s := range sayings() {
		if strings.Contains(sentence, s.contains) {
			if association == "" {
				return cmp.Or(s.unnamed, s.remedy), true
			}
			return strings.ReplaceAll(s.remedy, "NAME", association), true
		}
	}
	return "", false
}
