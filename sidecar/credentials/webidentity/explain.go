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

// unknown is the code that the SDK makes up for an error in which it found none.
const unknown = "UnknownError"

func service() exchange.Service {
	return exchange.Service{
		Name:  "STS",
		Trust: "set AWS_CA_BUNDLE to the authority of its certificate",
		Reach: "check AWS_REGION, AWS_ENDPOINT_URL_STS and the network of this pod",
	}
}

// hop is one assumption of a role; from is empty for the first.
type hop struct {
	role, from string
}

// explain says in one line why a hop failed, and judges it. The secrets are cut out, should a server repeat them.
func (s Source) explain(err error, h hop, secrets ...string) *credentials.Failure {
	f := &credentials.Failure{Verdict: credentials.Transient}
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		status = response.HTTPStatusCode()
		f.RetryAfter = upstream.RetryAfter(response.Response.Header)
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok && refusal.ErrorCode() != unknown {
		code := refusal.ErrorCode()
		f.Verdict = judge(code, refusal.ErrorMessage(), status)
		f.Reason = fmt.Sprintf("STS refuses role %s: %s: %s%s", h.role, code, refusal.ErrorMessage(), s.advice(code, h))
	} else {
		f.Reason = service().Unheard(err, status)
	}
	f.Reason = upstream.Line(f.Reason, secrets...)
	return f
}
