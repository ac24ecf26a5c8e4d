package metrics_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/metrics"
)

func scrape(m *metrics.Metrics) string {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func expectLine(t *testing.T, m *metrics.Metrics, line string) {
	t.Helper()
	if text := scrape(m); !strings.Contains(text, line+"\n") {
		t.Errorf("no line %q in\n%s", line, text)
	}
}

func TestRequestsAreCountedByStatus(t *testing.T) {
	for name, test := range map[string]struct {
		path   string
		status int
		line   string
	}{
		"a success":                         {"/v1/credentials", 200, `podidentity_requests_total{code="200"} 1`},
		"a success that nobody named":       {"/v1/credentials", 0, `podidentity_requests_total{code="200"} 1`},
		"a refusal":                         {"/v1/credentials", 403, `podidentity_requests_total{code="403"} 1`},
		"a path that is not there":          {"/", 404, `podidentity_requests_total{code="404"} 1`},
		"a status that nobody foresaw":      {"/", 418, `podidentity_requests_total{code="other"} 1`},
		"no question of the kubelet's hook": {"/v1/ready", 200, `podidentity_requests_total{code="200"} 0`},
	} {
		t.Run(name, func(t *testing.T) {
			m := metrics.New()
			h := m.Requests(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if test.status != 0 {
					w.WriteHeader(test.status)
				}
			}))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, test.path, nil))
			expectLine(t, m, test.line)
		})
	}
}

// failing is a source that fails with what it is, or succeeds.
type failing struct{ err error }

func (f failing) Fetch(context.Context, contract.Identity) (credentials.Credentials, error) {
	return credentials.Credentials{
		AccessKeyID: "ASIAKEY", SecretAccessKey: "top-secret", SessionToken: "top-token", Expiration: time.Now().Add(time.Hour),
	}, f.err
}

func TestRefreshesAreCountedByResult(t *testing.T) {
	verdict := func(v credentials.Verdict) error { return &credentials.Failure{Reason: "r", Verdict: v} }
	for name, test := range map[string]struct {
		err    error
		result string
	}{
		"a success":                    {nil, "success"},
		"an outage":                    {verdict(credentials.Transient), "transient"},
		"what the source cannot judge": {errors.New("odd"), "transient"},
		"throttling":                   {verdict(credentials.Throttled), "throttled"},
		"a refusal that may pass":      {verdict(credentials.Doubtful), "refused"},
		"a refusal":                    {verdict(credentials.Refused), "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			m := metrics.New()
			if _, err := m.Refreshes(failing{test.err}).Fetch(t.Context(), contract.Identity{}); !errors.Is(err, test.err) {
				t.Errorf("error %v", err)
			}
			expectLine(t, m, `podidentity_refreshes_total{result="`+test.result+`"} 1`)
		})
	}
}

// onceThenDown is a source that succeeds once, after a second.
type onceThenDown struct{ asked bool }

func (o *onceThenDown) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	if o.asked {
		return credentials.Credentials{}, errors.New("down")
	}
	o.asked = true
	<-time.After(time.Second)
	return failing{}.Fetch(ctx, id)
}

func TestRemainingSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logrus.New()
		log.SetOutput(io.Discard)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		m, source := metrics.New(), &onceThenDown{}
		k := credentials.New(source, log, time.Now)
		m.Remaining(k.Current, time.Now)
		go k.Run(ctx)
		const name = "podidentity_credentials_remaining_seconds "
		expectLine(t, m, name+"NaN")
		k.Assign(identity.Reading{Associated: true, Identity: contract.Identity{RoleARN: "arn:aws:iam::1:role/r"}})
		expectLine(t, m, name+"0")
		time.Sleep(time.Second)
		synctest.Wait()
		expectLine(t, m, name+"3600")
		if text := scrape(m); strings.Contains(text, "top-") || strings.Contains(text, "ASIA") || strings.Contains(text, "arn:") {
			t.Errorf("the metrics tell too much: %s", text)
		}
		time.Sleep(2 * time.Hour)
		expectLine(t, m, name+"0")
	})
}

func TestNoMetricsCountNothing(t *testing.T) {
	var m *metrics.Metrics
	if source := (failing{}); m.Refreshes(source) != credentials.Source(source) {
		t.Error("the source is wrapped")
	}
	m.Remaining(nil, time.Now)
	called := false
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true })
	m.Requests(next).ServeHTTP(nil, nil)
	if !called {
		t.Error("the handler is not called")
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	listener, err := metrics.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := metrics.Listen(t.Context(), listener.Addr().String()); err == nil || !strings.Contains(err.Error(), "--metrics") {
		t.Errorf("error %v on an address that is taken", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := metrics.New().Serve(ctx, listener); err != nil {
		t.Errorf("error %v at the end", err)
	}
}
