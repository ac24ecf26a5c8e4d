package server_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestRule14RequestsWaitForTheFirstCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		delay, waits time.Duration
		status       int
	}{
		"until they are there":         {delay: 400 * time.Millisecond, waits: 400 * time.Millisecond, status: 200},
		"for 700 milliseconds at most": {delay: 5 * time.Second, waits: 700 * time.Millisecond, status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newSets(t, source{delay: test.delay})
				h := handler(t, k)
				k.SetIdentities(associated())
				before := time.Now()
				w := do(h, request())
				if w.Code != test.status || time.Since(before) != test.waits {
					t.Errorf("status %d after %s", w.Code, time.Since(before))
				}
				if test.status == 503 && w.Header().Get("Retry-After") != "1" {
					t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
				}
			})
		})
	}
}

func TestRule14OnceThereAreCredentialsNoRequestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newSets(t, source{delay: 9 * time.Second})
		h := handler(t, k)
		k.SetIdentities(associated())
		time.Sleep(10 * time.Second)
		for range 5000 {
			time.Sleep(time.Second)
			before := time.Now()
			if w := do(h, request()); w.Code != 200 || !time.Now().Equal(before) {
				t.Fatalf("status %d after %s", w.Code, time.Since(before))
			}
		}
	})
}

func TestRule17OnlyCredentialsAre200(t *testing.T) {
	w := do(handler(t, readySets(t)), request())
	var fields map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &fields); err != nil || w.Code != http.StatusOK || fields["AccessKeyId"] == "" {
		t.Errorf("status %d, %s, %v", w.Code, w.Body, err)
	}
}

func TestRule19StatusWithoutCredentials(t *testing.T) {
	refuse := func(v credentials.Verdict) error { return &credentials.Failure{Reason: "because", Verdict: v} }
	for name, test := range map[string]struct {
		err    error
		status int
	}{
		"a transient failure is 503":          {errors.New("because"), http.StatusServiceUnavailable},
		"throttling by STS is 503, never 429": {refuse(credentials.Throttled), http.StatusServiceUnavailable},
		"a provisional refusal is 503":        {refuse(credentials.Provisional), http.StatusServiceUnavailable},
		"a lasting refusal is 403":            {refuse(credentials.Refused), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newSets(t, source{err: test.err})
				h := handler(t, k)
				k.SetIdentities(associated())
				synctest.Wait()
				w := do(h, request())
				expectError(t, w, test.status)
				var body struct{ Message string }
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Message != "because" {
					t.Errorf("the message is not the reason: %s", w.Body)
				}
			})
		})
	}
}

func TestRule19OtherMethodsAndNoAssociation(t *testing.T) {
	h := handler(t, readySets(t))
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r := request()
		r.Method = method
		w := do(h, r)
		expectError(t, w, 405)
		if w.Header().Get("Allow") != http.MethodGet {
			t.Errorf("Allow %q", w.Header().Get("Allow"))
		}
	}
	expectError(t, do(handler(t, newSets(t, source{})), request()), 403)
}

func TestRule23TheResponseIsSmall(t *testing.T) {
	w := do(handler(t, readySets(t)), request())
	if w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) || w.Body.Len() > 10_000 {
		t.Errorf("length %s, %d bytes", w.Header().Get("Content-Length"), w.Body.Len())
	}
}

func TestRule24TheResponseIsNotCached(t *testing.T) {
	header := do(handler(t, readySets(t)), request()).Header()
	if header.Get("Content-Type") != "application/json" || header.Get("Cache-Control") != "no-store" || header.Get("ETag") != "" {
		t.Errorf("headers %v", header)
	}
}
