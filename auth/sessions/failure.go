package sessions

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/internal/upstream"
)

// unknownCode is what the SDK sets if a response has no error code.
const unknownCode = "UnknownError"

// describe says why a hop failed, in STS's words, and what to do about it.
func describe(err error, h hop, secrets ...string) *exception.Exception {
	status, retryAfter := 0, time.Duration(0)
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		status, retryAfter = response.HTTPStatusCode(), upstream.RetryAfter(response.Response.Header)
	}
	refusal, ok := errors.AsType[smithy.APIError](err)
	if !ok || refusal.ErrorCode() == unknownCode {
		return describeNoMessage(err, h, status, secrets).WithRetryAfter(retryAfter)
	}
	kind, remedy := classify(strings.TrimSuffix(strings.ToLower(refusal.ErrorCode()), "exception"), status, h)
	message := upstream.Line(refusal.ErrorCode()+": "+refusal.ErrorMessage(), secrets...)
	return exception.New(kind, "STS refuses role %s: %s; %s", h.role, message, remedy).WithRetryAfter(retryAfter)
}

// classify goes by the code first, since STS also throttles with the status of a bad request.
func classify(code string, status int, h hop) (kind exception.Kind, remedy string) {
	switch code {
	case "accessdenied":
		return exception.AccessDenied, "let its trust policy allow " + h.actions + " to " + h.caller + ", and a policy of that identity allow them on the role"
	case "throttling", "throttled", "requestlimitexceeded", "toomanyrequests", "slowdown", "requestthrottled":
		return exception.Throttling, "retry later"
	case "expiredtoken", "invalidclienttokenid", "signaturedoesnotmatch", "unrecognizedclient", "missingauthenticationtoken",
		"incompletesignature", "invalidaccesskeyid":
		return exception.InternalServer, "renew the AWS credentials of the auth service, and check its clock"
	case "malformedpolicydocument":
		return exception.InvalidRequest, "correct the policy of the association"
	case "packedpolicytoolarge":
		return exception.InvalidRequest, "shorten the policy or the tagLabels of the association, or set disableSessionTags"
	case "regiondisabled":
		return exception.InvalidRequest, "enable STS for the region in the account, or set --region of the auth service to another"
	case "validationerror":
		return exception.InvalidRequest, "correct the association, and compare its sessionDuration with the role's maximum, which is 1h where the auth service is itself a role"
	}
	switch {
	case status == http.StatusTooManyRequests:
		return exception.Throttling, "retry later"
	case status >= 400 && status < 500:
		return exception.InvalidRequest, "correct the association"
	}
	return exception.ServiceUnavailable, "retry"
}

// describeNoMessage describes a failure about which STS itself says nothing.
func describeNoMessage(err error, h hop, status int, secrets []string) *exception.Exception {
	switch {
	case status == http.StatusTooManyRequests:
		return exception.New(exception.Throttling, "STS answered 429 for role %s: retry later", h.role)
	case status != 0:
		return exception.New(exception.ServiceUnavailable, "STS answered %d %s for role %s without a readable message: check what answers at its address", status, http.StatusText(status), h.role)
	case errors.Is(err, context.DeadlineExceeded):
		return exception.New(exception.ServiceUnavailable, "STS did not answer in time for role %s: check the network between the auth service and STS", h.role)
	}
	return exception.New(exception.ServiceUnavailable, "STS cannot be reached for role %s: %s; check --region, --sts-endpoint, AWS_CA_BUNDLE and the network of the auth service", h.role, upstream.Line(err.Error(), secrets...))
}
