package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestRule20EveryErrorIsJSONInBothSpellings(t *testing.T) {
	// SDKs take these for throttling or a timeout, and retry.
	retried := []string{
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException", "SlowDown",
		"TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException",
		"ProvisionedThroughputExceededException", "TransactionInProgressException", "PriorRequestNotComplete", "EC2ThrottledException",
		"RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure", "ServiceUnavailable",
	}
	for name, test := range map[string]struct {
		source source
		change func(*http.Request)
		status int
	}{
		"without the token":               {change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 401},
		"to another host":                 {change: func(r *http.Request) { r.Host = "example.com" }, status: 403},
		"of another path":                 {change: func(r *http.Request) { r.URL.Path = "/" }, status: 404},
		"by another method":               {change: func(r *http.Request) { r.Method = http.MethodPost }, status: 405},
		"with an invalid wait":            {change: func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/v1/ready", "wait=x" }, status: 400},
		"while STS is down":               {source: source{err: &credentials.Failure{Reason: "r"}}, status: 503},
		"while STS throttles":             {source: source{err: &credentials.Failure{Reason: "r", Verdict: credentials.Throttled}}, status: 503},
		"while STS refuses":               {source: source{err: &credentials.Failure{Reason: "r", Verdict: credentials.Refused}}, status: 403},
		"while STS refuses provisionally": {source: source{err: &credentials.Failure{Reason: "r", Verdict: credentials.Provisional}}, status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newSets(t, test.source)
				k.SetIdentities(associated())
				r := request()
				if test.change != nil {
					test.change(r)
				}
				w := do(handler(t, k), r)
				expectError(t, w, test.status)
				var body struct{ Code string }
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || slices.Contains(retried, body.Code) {
					t.Errorf("code %q, %v", body.Code, err)
				}
			})
		})
	}
}
