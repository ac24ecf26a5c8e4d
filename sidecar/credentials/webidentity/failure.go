package webidentity

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/podidentity/podidentity/internal/upstream"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

// unknownCode is what the SDK returns for an error without a code.
const unknownCode = "UnknownError"

func service() exchange.Service {
	return exchange.Service{
		Name:          "STS",
		TrustRemedy:   "set AWS_CA_BUNDLE to a file with the CA of its certificate",
		NetworkRemedy: "check AWS_REGION, AWS_ENDPOINT_URL_STS and the network of this pod",
	}
}

// hop is one role of a role chain. Caller is the role that assumes it, and actions are what that takes; both are empty for the first hop.
type hop struct {
	role, caller, actions string
}

// failure describes why a hop failed, without the secrets, which a server may repeat.
func (s Source) failure(err error, h hop, secrets ...string) *credentials.Failure {
	if f, ok := errors.AsType[*credentials.Failure](err); ok {
		return f
	}
	f := &credentials.Failure{Verdict: credentials.Transient}
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		status = response.HTTPStatusCode()
		f.RetryAfter = upstream.RetryAfter(response.Response.Header)
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok && refusal.ErrorCode() != unknownCode {
		code := refusal.ErrorCode()
		f.Verdict = verdict(code, refusal.ErrorMessage(), status)
		f.Reason = fmt.Sprintf("STS refuses role %s: %s: %s%s", h.role, code, refusal.ErrorMessage(), s.remedy(code, h))
	} else {
		f.Reason = service().DescribeError(err, status)
	}
	f.Reason = upstream.Line(f.Reason, secrets...)
	return f
}
