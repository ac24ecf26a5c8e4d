package eksauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/upstream"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

func (s Source) service() exchange.Service {
	if s.Region != "" {
		return exchange.Service{
			Name:          "EKS Auth",
			TrustRemedy:   "check AWS_CA_BUNDLE, and any proxy between this pod and Amazon",
			NetworkRemedy: "check the egress of this pod; a private cluster needs the VPC endpoint eks-auth",
		}
	}
	return exchange.Service{
		Name:          "the auth service",
		TrustRemedy:   "compare ConfigMap " + contract.AuthCAConfigMap + " with the certificate that the service presents",
		NetworkRemedy: "check that its pods run, AWS_ENDPOINT_URL_EKS_AUTH and the network of this pod",
	}
}

// errorFailure describes an error about which the service says nothing.
func (s Source) errorFailure(err error, status int, secrets []string) *credentials.Failure {
	return transient(s.service().DescribeError(err, status), secrets...)
}

func transient(reason string, secrets ...string) *credentials.Failure {
	return failure(credentials.Transient, reason, secrets...)
}

func failure(verdict credentials.Verdict, reason string, secrets ...string) *credentials.Failure {
	return &credentials.Failure{Verdict: verdict, Reason: upstream.Line(reason, secrets...)}
}

// exceptionFailure describes an exception of the service. Its code is in a header or in the body, perhaps with a namespace before it
// and a URI behind it (AWS restJson1 protocol, operation error serialization).
func (s Source) exceptionFailure(response *http.Response, secrets []string) *credentials.Failure {
	var body struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	err := json.NewDecoder(response.Body).Decode(&body)
	code := response.Header.Get("x-amzn-ErrorType")
	if code == "" && err == nil {
		code = body.Type
	}
	code, _, _ = strings.Cut(code[strings.LastIndexByte(code, '#')+1:], ":")
	f := s.errorFailure(err, response.StatusCode, secrets)
	f.RetryAfter = upstream.RetryAfter(response.Header)
	f.Verdict = verdict(code, response.StatusCode)
	if code != "" {
		f.Reason = upstream.Line(fmt.Sprintf("%s refuses: %s: %s%s", s.service().Name, code, body.Message, s.remedy(code)), secrets...)
	}
	return f
}

// verdict is Provisional for three exceptions at which the EKS agent drops its credentials: an association, a role or a trust policy
// that was just created causes them too.
func verdict(code string, status int) credentials.Verdict {
	switch code {
	case "AccessDeniedException", "InvalidTokenException", "ResourceNotFoundException":
		return credentials.Provisional
	case "ThrottlingException":
		return credentials.Throttled
	}
	if status == http.StatusTooManyRequests {
		return credentials.Throttled
	}
	// This includes ExpiredTokenException: the kubelet will renew the token.
	return credentials.Transient
}

// remedy says what to do about an exception.
func (s Source) remedy(code string) string {
	if s.Region != "" {
		return amazonRemedy(code)
	}
	switch code {
	case "AccessDeniedException":
		return "; let the role's trust policy allow sts:AssumeRole and sts:TagSession to the auth service"
	case "ExpiredTokenException":
		return "; check why the kubelet has not renewed the service account token, and the clocks"
	case "InvalidTokenException":
		return "; compare --audience of the webhook with the audience that the service accepts, and the --cluster-name of both"
	case "ResourceNotFoundException":
		return "; compare CLUSTER_NAME with the service's cluster, and check the associations of this service account"
	case "ThrottlingException", "ServiceUnavailableException":
		return "; the sidecar retries"
	case "InvalidParameterException", "InvalidRequestException":
		return "; check that the service at AWS_ENDPOINT_URL_EKS_AUTH speaks the EKS Auth API"
	case "InternalServerException":
		return "; see the log of the auth service"
	}
	return ""
}

func amazonRemedy(code string) string {
	switch code {
	case "AccessDeniedException":
		return "; allow eks-auth:AssumeRoleForPodIdentity to the role of the node, and let the association's role trust " + contract.AuthAudience
	case "InvalidTokenException":
		return "; compare --audience of the webhook with " + contract.AuthAudience + ", and CLUSTER_NAME with this cluster"
	case "ResourceNotFoundException":
		return "; compare CLUSTER_NAME with this cluster, and create an EKS Pod Identity association for this service account"
	case "InvalidSignatureException", "RequestExpired":
		return "; compare the clock of the node"
	case "ThrottlingException", "ServiceUnavailableException", "InternalServerException":
		return "; the sidecar retries"
	}
	return ""
}
