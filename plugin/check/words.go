package check

import (
	"strings"
)

// saying is something that a sidecar says, and what mends it: docs/troubleshooting.md#what-the-sidecar-says has the same rows.
type saying struct {
	contains, remedy string
}

func sayings() []saying {
	return []saying{
		{"no PodIdentityAssociation gives", "create an association for the service account: README.md#connect-aws"},
		{"InvalidIdentityToken", "create an IAM OIDC provider with the cluster's issuer and the audience, and publish the keys again: README.md#connect-aws"},
		{"AccessDenied", "let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the subject in the message, for the token's audience: README.md#connect-aws"},
		{"ExpiredToken", "set the clock of the node"},
		{"STS refuses role", "correct the role, its trust policy or the association: kubectl edit pia NAME"},
		{"refuses role", "correct the role, its trust policy or the association: kubectl edit pia NAME"},
		{"cannot be reached", "look at network policies, --region and --sts-https-proxy: docs/troubleshooting.md#what-the-sidecar-says"},
		{"does not answer", "look at network policies, --region and --sts-https-proxy: docs/troubleshooting.md#what-the-sidecar-says"},
		{"is not trusted", "name the CA with --sts-ca-configmap: docs/troubleshooting.md#what-the-sidecar-says"},
		{"the credentials received expired at", "set the clock of the node"},
		{"the exchange cannot be started", "raise the limit of processes or memory of the pod or its node"},
		{"the exchange was ended by a signal", "raise the memory limit of the sidecar or of the pod"},
		{"the exchange was ended", "look at the CPU of the node"},
		{"another process of this pod listens on", "choose another port by the annotation podidentity.dev/port"},
		{"the response has more than 8000 bytes", "shorten session tags or policy"},
		{"without the authorization token", "update the SDK of the application, or set podidentity.dev/authorization: env"},
		{"too old to know", "create the pod again"},
	}
}

// remedyFor is what mends what a sidecar says. Known is false where nobody has written down what does.
func remedyFor(sentence, association string) (remedy string, known bool) {
	for _, s := range sayings() {
		if strings.Contains(sentence, s.contains) {
			return strings.ReplaceAll(s.remedy, "NAME", association), true
		}
	}
	return "", false
}
