package readiness

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// held answers as a sidecar whose pod stays pending does: at the end of the time for which a request may be held back.
type held string

// RoundTrip implements http.RoundTripper.
func (status held) RoundTrip(r *http.Request) (*http.Response, error) {
	wait, err := time.ParseDuration(r.URL.Query().Get(WaitParameter))
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(wait):
	case <-r.Context().Done():
		return nil, errors.New("the client has gone")
	}
	return &http.Response{Status: "200 OK", Body: io.NopCloser(strings.NewReader(string(status)))}, nil
}

func TestAWaitEndsAtItsTimeoutOrAfterTenSecondsOfFailures(t *testing.T) {
	const (
		failing = held(`{"state":"pending","failing":true,"reason":"STS is away"}`)
		fetches = held(`{"state":"pending","reason":"not yet"}`)
	)
	for name, test := range map[string]struct {
		sidecar          held
		timeout, atLeast time.Duration
	}{
		"the first fetch takes long":                  {fetches, 30 * time.Second, 29 * time.Second},
		"fetches fail":                                {failing, 30 * time.Second, 10 * time.Second},
		"fetches fail and the wait is short":          {failing, 5 * time.Second, 4 * time.Second},
		"fetches fail and the pod wants to wait long": {failing, 10 * time.Minute, 10*time.Minute - time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				status, err := Client{Timeout: test.timeout, transport: test.sidecar}.Wait(t.Context())
				var last Status
				if errLast := json.Unmarshal([]byte(test.sidecar), &last); errLast != nil || err != nil || status != last {
					t.Errorf("got %+v, %v", status, err)
				}
				if took := time.Since(begin); took < test.atLeast || took > test.atLeast+time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}
