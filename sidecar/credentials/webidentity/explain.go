package webidentity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// maxReason bounds, in bytes, what is repeated of a server's words.
const maxReason = 600

// unknown is the code that the SDK makes up for an error in which it found none.
const unknown = "UnknownError"

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
		f.RetryAfter = retryAfter(response.Response.Header)
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok && refusal.ErrorCode() != unknown {
		code := refusal.ErrorCode()
		f.Verdict = judge(code, refusal.ErrorMessage(), status)
		f.Reason = fmt.Sprintf("STS refuses role %s: %s: %s%s", h.role, code, refusal.ErrorMessage(), s.advice(code, h))
	} else {
		f.Reason = unheard(err, status)
	}
	f.Reason = clean(f.Reason, secrets)
	return f
}

// unheard words a failure in which STS said nothing.
func unheard(err error, status int) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "STS did not answer in time: check the network between this pod and STS"
	}
	request, sent := errors.AsType[*url.Error](err)
	if !sent && status != 0 {
		return fmt.Sprintf("STS answered %d %s and nothing readable: check what answers at its address", status, http.StatusText(status))
	}
	if !sent {
		return fmt.Sprintf("STS could not be asked: %v", err)
	}
	host := "STS"
	if u, err := url.Parse(request.URL); err == nil {
		host = "STS at " + u.Host
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("%s is not trusted: %v: set AWS_CA_BUNDLE to the authority of its certificate", host, request.Err)
	}
	return fmt.Sprintf("%s cannot be reached: %v: check AWS_REGION, AWS_ENDPOINT_URL_STS and the network of this pod", host, request.Err)
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// clean makes one line of text, without the secrets and of a bounded length.
func clean(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "[secret]")
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "..."
	}
	return text
}
