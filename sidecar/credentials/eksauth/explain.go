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
			Name:  "EKS Auth",
			Trust: "check AWS_CA_BUNDLE, and what stands between this pod and Amazon",
			Reach: "check the egress of this pod; a private cluster needs the VPC endpoint eks-auth",
		}
	}
	return exchange.Service{
		Name:  "the auth service",
		Trust: "compare ConfigMap " + contract.AuthCAConfigMap + " with the certificate that the service shows",
		Reach: "check that its pods run, AWS_ENDPOINT_URL_EKS_AUTH and the network of this pod",
	}
}

func (s Source) unheard(err error, status int, secrets []string) *credentials.Failure {
	return transient(s.service().Unheard(err, status), secrets...)
}

func transient(reason string, secrets ...string) *credentials.Failure {
	return &credentials.Failure{Verdict: credentials.Transient, Reason: upstream.Line(reason, secrets...)}
}

// refusal is an answer that is not a session. Its type stands in a header or in the body, in forms that old services decorate
// (AWS restJson1 protocol, operation error serialization).
func (s Source) refusal(response *http.Response, secrets []string) *credentials.Failure {
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
	f := s.unheard(err, response.StatusCode, secrets)
	f.RetryAfter = upstream.RetryAfter(response.Header)
	f.Verdict = judge(code, response.StatusCode)
	if code != "" {
		f.Reason = upstream.Line(fmt.Sprintf("%s refuses: %s: %s%s", s.service().Name, code, body.Message, s.advice(code)), secrets...)
	}
	return f
}

// judge tells what an exception means for the next attempt. Three of those that tell the EKS agent to drop what it has are
// Doubtful: an association, a role or a trust policy made seconds ago is refused as well. What is not known passes.
func judge(code string, status int) credentials.Verdict {
	switch code {
	case "AccessDeniedException", "InvalidTokenException", "ResourceNotFoundException":
		return credentials.Doubtful
	case "ThrottlingException":
		return credentials.Throttled
	}
	if status == http.StatusTooManyRequests {
		return credentials.Throttled
	}
	// Among them ExpiredTokenException: the kubelet is about to renew the token.
	return credentials.Transient
}

// advice is what to do about an exception, where the service's own words may not say it, to be appended to it.
func (s Source) advice(code string) string {
	if s.Region != "" {
		return advicePerAmazon(code)
	}
	switch code {
	case "AccessDeniedException":
		return "; let the role's trust policy allow sts:AssumeRole and sts:TagSession to the auth service"
	case "ExpiredTokenException":
		return "; the kubelet should have renewed the service account token: check it and the clocks"
	case "InvalidTokenException":
		return "; compare --audience of the webhook with what the service takes, and the cluster of both"
	case "ResourceNotFoundException":
		return "; compare CLUSTER_NAME with the service's cluster, and check the associations of this service account"
	case "ThrottlingException", "ServiceUnavailableException":
		return "; it is asked again by itself"
	case "InvalidParameterException", "InvalidRequestException":
		return "; check that the service at AWS_ENDPOINT_URL_EKS_AUTH speaks the EKS Auth API"
	case "InternalServerException":
		return "; see the log of the auth service"
	}
	return ""
}

func advicePerAmazon(code string) string {
	switch code {
	case "AccessDeniedException":
		return "; give the role of the node eks-auth:AssumeRoleForPodIdentity, and let the association's role trust " + contract.AuthAudience
	case "InvalidTokenException":
		return "; compare --audience of the webhook with " + contract.AuthAudience + ", and CLUSTER_NAME with this cluster"
	case "ResourceNotFoundException":
		return "; compare CLUSTER_NAME with this cluster, and create an association of EKS for this service account"
	case "InvalidSignatureException", "RequestExpired":
		return "; compare the clock of the node"
	case "ThrottlingException", "ServiceUnavailableException", "InternalServerException":
		return "; it is asked again by itself"
	}
	return ""
}
