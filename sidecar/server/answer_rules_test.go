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
	"github.com/podidentity/podidentity/sidecar/server"
)

func TestRule14RequestsBeforeTheFirstCredentialsAreHeld(t *testing.T) {
	for name, test := range map[string]struct {
		delay, waits time.Duration
		status       int
	}{
		"until the credentials are there": {delay: 400 * time.Millisecond, waits: 400 * time.Millisecond, status: 200},
		"for 700 milliseconds at most":    {delay: 5 * time.Second, waits: 700 * time.Millisecond, status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := keeper(t, source{delay: test.delay})
				h := handler(k)
				k.Assign(associated())
				before := time.Now()
				w := answer(h, request())
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
		k := keeper(t, source{delay: 9 * time.Second})
		h := handler(k)
		k.Assign(associated())
		time.Sleep(10 * time.Second)
		for range 5000 {
			time.Sleep(time.Second)
			before := time.Now()
			if w := answer(h, request()); w.Code != 200 || !time.Now().Equal(before) {
				t.Fatalf("status %d after %s", w.Code, time.Since(before))
			}
		}
	})
}

func TestRule17And19StatusCodes(t *testing.T) {
	refuse := func(v credentials.Verdict) error { return &credentials.Failure{Reason: "because", Verdict: v} }
	for name, test := range map[string]struct {
		err    error
		status int
	}{
		"credentials are 200":                       {nil, 200},
		"what passes is 503":                        {errors.New("because"), 503},
		"throttling by STS is 503, never 429":       {refuse(credentials.Throttled), 503},
		"a refusal that may be a new role's is 503": {refuse(credentials.Doubtful), 503},
		"a refusal that lasts is 403":               {refuse(credentials.Refused), 403},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := keeper(t, source{err: test.err})
				h := handler(k)
				k.Assign(associated())
				synctest.Wait()
				w := answer(h, request())
				if test.err == nil {
					if w.Code != test.status {
						t.Errorf("status %d", w.Code)
					}
					return
				}
				expectRefusal(t, w, test.status)
				var body struct{ Message string }
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Message != "because" {
					t.Errorf("the message is not the reason: %s", w.Body)
				}
			})
		})
	}
}

func TestRule19OtherMethodsAndNoAssociation(t *testing.T) {
	h := handler(holding(t))
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r := request()
		r.Method = method
		w := answer(h, r)
		expectRefusal(t, w, 405)
		if w.Header().Get("Allow") != http.MethodGet {
			t.Errorf("Allow %q", w.Header().Get("Allow"))
		}
	}
	expectRefusal(t, answer(handler(keeper(t, source{})), request()), 403)
}

func TestRule23And24TheAnswerIsSmallAndNotStored(t *testing.T) {
	w := answer(handler(holding(t)), request())
	header := w.Header()
	if header.Get("Content-Type") != "application/json" || header.Get("Cache-Control") != "no-store" || header.Get("ETag") != "" ||
		header.Get("Content-Length") != strconv.Itoa(w.Body.Len()) || w.Body.Len() > 10_000 {
		t.Errorf("headers %v, %d bytes", header, w.Body.Len())
	}
}

func TestReady(t *testing.T) {
	for name, test := range map[string]struct {
		source     source
		associated bool
		query      string
		want       string
		waits      time.Duration
	}{
		"credentials":                       {associated: true, want: `{"state":"available"}`},
		"no association, waited for or not": {query: "?wait=30s", want: `{"state":"unassociated","reason":"no PodIdentityAssociation gives an IAM role to this pod's service account: create one"}`},
		"not yet":                           {associated: true, source: source{delay: 5 * time.Second}, want: `{"state":"pending","reason":"the first credentials are being fetched: try again"}`},
		"credentials that were waited for":  {associated: true, source: source{delay: 5 * time.Second}, query: "?wait=30s", want: `{"state":"available"}`, waits: 5 * time.Second},
		"a wait that was not long enough":   {associated: true, source: source{delay: 5 * time.Second}, query: "?wait=2s", want: `{"state":"pending","reason":"the first credentials are being fetched: try again"}`, waits: 2 * time.Second},
		"a refusal for good is not waited for": {
			associated: true, source: source{err: &credentials.Failure{Reason: "because", Verdict: credentials.Refused}},
			query: "?wait=30s", want: `{"state":"refused","reason":"because"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := keeper(t, test.source)
				h := handler(k)
				if test.associated {
					k.Assign(associated())
					synctest.Wait()
				}
				before := time.Now()
				r := request()
				r.Header.Del("Authorization")
				r.URL.Path = "/v1/ready"
				r.URL.RawQuery = ""
				if test.query != "" {
					r.URL.RawQuery = test.query[1:]
				}
				if w := answer(h, r); w.Body.String() != test.want || time.Since(before) != test.waits {
					t.Errorf("%s after %s", w.Body, time.Since(before))
				}
			})
		})
	}
}

func TestReadyRefusesAWaitItCannotGrant(t *testing.T) {
	h := handler(holding(t))
	for _, wait := range []string{"1h", "-1s", "soon"} {
		r := request()
		r.URL.Path, r.URL.RawQuery = "/v1/ready", "wait="+wait
		expectRefusal(t, answer(h, r), 400)
	}
}

var _ server.Keeper = (*credentials.Keeper)(nil)
