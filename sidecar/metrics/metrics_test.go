package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
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

func TestTheVersionIsALabel(t *testing.T) {
	expectLine(t, metrics.New(), `podidentity_build_info{version="dev",goversion="`+runtime.Version()+`"} 1`)
}

func TestRequestsAreCountedByStatus(t *testing.T) {
	for name, test := range map[string]struct {
		path   string
		status int
		line   string
	}{
		"a success":                            {"/v1/credentials", 200, `podidentity_requests_total{code="200"} 1`},
		"a success without an explicit status": {"/v1/credentials", 0, `podidentity_requests_total{code="200"} 1`},
		"an error":                             {"/v1/credentials", 403, `podidentity_requests_total{code="403"} 1`},
		"an unknown path":                      {"/", 404, `podidentity_requests_total{code="404"} 1`},
		"a status without a counter":           {"/", 418, `podidentity_requests_total{code="other"} 1`},
		"the kubelet's hook is not counted":    {"/v1/ready", 200, `podidentity_requests_total{code="200"} 0`},
	} {
		t.Run(name, func(t *testing.T) {
			m := metrics.New()
			h := m.InstrumentHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if test.status != 0 {
					w.WriteHeader(test.status)
				}
			}))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, test.path, nil))
			expectLine(t, m, test.line)
		})
	}
}

// fakeSource fails with err, or succeeds if that is nil.
type fakeSource struct{ err error }

func (f fakeSource) Fetch(context.Context, contract.Identity) (credentials.Credentials, error) {
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
		"a success":                  {nil, "success"},
		"an outage":                  {verdict(credentials.Transient), "transient"},
		"an error without a verdict": {errors.New("odd"), "transient"},
		"throttling":                 {verdict(credentials.Throttled), "throttled"},
		"a provisional refusal":      {verdict(credentials.Provisional), "refused"},
		"an error":                   {verdict(credentials.Refused), "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			m := metrics.New()
			if _, err := m.InstrumentSource(fakeSource{test.err}).Fetch(t.Context(), contract.Identity{}); !errors.Is(err, test.err) {
				t.Errorf("error %v", err)
			}
			expectLine(t, m, `podidentity_refreshes_total{result="`+test.result+`"} 1`)
		})
	}
}

// failingSource succeeds once, after a second, and then fails.
type failingSource struct{ called bool }

func (f *failingSource) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	if f.called {
		return credentials.Credentials{}, errors.New("down")
	}
	f.called = true
	<-time.After(time.Second)
	return fakeSource{}.Fetch(ctx, id)
}

func TestRemainingSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := logrus.New()
		log.SetOutput(io.Discard)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		m, source := metrics.New(), &failingSource{}
		k := credentials.NewSets(m.InstrumentSource(source), nil, log, time.Now)
		m.RegisterRemaining(k.States, time.Now)
		go k.Run(ctx)
		const name = "podidentity_credentials_remaining_seconds "
		expectLine(t, m, name+"NaN")
		expectLine(t, m, "podidentity_last_refresh_timestamp_seconds 0")
		k.SetIdentities(identity.Reading{Identity: contract.Identity{RoleARN: "arn:aws:iam::1:role/r"}})
		expectLine(t, m, name+"0")
		time.Sleep(time.Second)
		synctest.Wait()
		expectLine(t, m, name+"3600")
		expectLine(t, m, fmt.Sprint("podidentity_last_refresh_timestamp_seconds ", time.Now().Unix()))
		if text := scrape(m); strings.Contains(text, "top-") || strings.Contains(text, "ASIA") || strings.Contains(text, "arn:") {
			t.Errorf("the metrics reveal a secret or a name: %s", text)
		}
		time.Sleep(2 * time.Hour)
		expectLine(t, m, name+"0")
	})
}

func TestTheLeastOfAllSetsRemains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const name = "podidentity_credentials_remaining_seconds "
		log := logrus.New()
		log.SetOutput(io.Discard)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		m := metrics.New()
		sets := credentials.NewSets(&failingSource{}, []string{"a"}, log, time.Now)
		m.RegisterRemaining(sets.States, time.Now)
		go sets.Run(ctx)
		own := []contract.Identity{{Container: "a", RoleARN: "arn:aws:iam::1:role/a"}}
		sets.SetIdentities(identity.Reading{Containers: own})
		time.Sleep(2 * time.Second)
		expectLine(t, m, name+"3599")
		sets.SetIdentities(identity.Reading{Identity: contract.Identity{RoleARN: "arn:aws:iam::1:role/r"}, Containers: own})
		time.Sleep(time.Second)
		expectLine(t, m, name+"0")
		sets.SetIdentities(identity.Reading{})
		expectLine(t, m, name+"NaN")
	})
}

func TestNilMetricsCountNothing(t *testing.T) {
	var m *metrics.Metrics
	if source := (fakeSource{}); m.InstrumentSource(source) != credentials.Source(source) {
		t.Error("the source is wrapped")
	}
	m.RegisterRemaining(nil, time.Now)
	called := false
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true })
	m.InstrumentHandler(next).ServeHTTP(nil, nil)
	if !called {
		t.Error("the handler is not called")
	}
}
