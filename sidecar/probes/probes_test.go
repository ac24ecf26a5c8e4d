package probes

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// source answers after delay, with credentials of an hour or with failure.
type source struct {
	delay   time.Duration
	failure atomic.Pointer[credentials.Failure]
}

func (s *source) Fetch(context.Context, contract.Identity) (credentials.Credentials, error) {
	time.Sleep(s.delay)
	if failure := s.failure.Load(); failure != nil {
		return credentials.Credentials{}, failure
	}
	return credentials.Credentials{AccessKeyID: "A", SecretAccessKey: "s", SessionToken: "t", Expiration: time.Now().Add(time.Hour)}, nil
}

// status is that of a pod with this document, until the test ends.
func status(t *testing.T, s *source, document identity.Reading) *readiness.Reporter {
	t.Helper()
	return statusAt(t, s, document, time.Now)
}

func statusAt(t *testing.T, s *source, document identity.Reading, wall func() time.Time) *readiness.Reporter {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	k := credentials.NewSets(s, nil, log, time.Now)
	k.SetIdentities(document)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return readiness.NewReporter(k, wall, filepath.Join(t.TempDir(), "started"), log)
}

func associated() identity.Reading {
	return identity.Reading{Identity: contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/r"}}
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func expect(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || w.Body.String() != body {
		t.Errorf("status %d, body %q; want %d, %q", w.Code, w.Body, status, body)
	}
	location := w.Header().Get("Location")
	if isRedirect := status == http.StatusFound; isRedirect != (location == "http://podidentity.invalid/") {
		t.Errorf("status %d with the location %q", status, location)
	}
}

const started, well = "the pod has started", "all is well"

func TestProbesSayWhetherThePodHasStartedAndWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		failure             *credentials.Failure
		delay               time.Duration
		document            identity.Reading
		ready               int
		readyBody, liveBody string
	}{
		"credentials":    {document: associated(), ready: 200, readyBody: started, liveBody: well},
		"no association": {ready: 200, readyBody: started, liveBody: well},
		"a lasting refusal": {
			failure: &credentials.Failure{Reason: "no", Verdict: credentials.Refused}, document: associated(),
			ready: 503, readyBody: "no", liveBody: "no",
		},
		"an outage": {
			failure: &credentials.Failure{Reason: "away"}, document: associated(),
			ready: 503, readyBody: "away", liveBody: "away",
		},
		"a source that has not answered yet": {
			delay: time.Second, document: associated(),
			ready: 503, readyBody: "the first credentials are being fetched: try again", liveBody: well,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &source{delay: test.delay}
				s.failure.Store(test.failure)
				h := handler(status(t, s, test.document))
				expect(t, get(h, "/readyz"), test.ready, test.readyBody)
				live := http.StatusOK
				if test.liveBody != well {
					live = http.StatusFound
				}
				expect(t, get(h, "/livez"), live, test.liveBody)
			})
		})
	}
}

func TestAReadinessProbeWaitsForCredentialsThatAreAboutToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handler(status(t, &source{delay: 300 * time.Millisecond}, associated()))
		before := time.Now()
		expect(t, get(h, "/readyz"), 200, started)
		if waited := time.Since(before); waited != 300*time.Millisecond {
			t.Errorf("it waited %s", waited)
		}
	})
}

func TestAPodThatHasStartedStaysReadyAndItsTroubleIsAWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		h := handler(status(t, s, associated()))
		expect(t, get(h, "/readyz"), 200, started)
		s.failure.Store(&credentials.Failure{Reason: "away"})
		time.Sleep(2 * time.Hour)
		expect(t, get(h, "/readyz"), 200, started)
		expect(t, get(h, "/livez"), 302, "away")
		s.failure.Store(nil)
		time.Sleep(2 * time.Minute)
		expect(t, get(h, "/livez"), 200, well)
	})
}

func TestNothingElseIsServed(t *testing.T) {
	h := handler(status(t, &source{}, identity.Reading{}))
	for _, path := range []string{"/", contract.CredentialsPath, readiness.Path, "/metrics", "/readyz/x"} {
		if w := get(h, path); w.Code != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/readyz", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", w.Code)
	}
}

func TestServeReturnsWhenItsContextIsDone(t *testing.T) {
	listener, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), listener.Addr().String()); err == nil {
		t.Error("an address in use is no error")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := Serve(ctx, listener, status(t, &source{}, identity.Reading{})); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}
