package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const readerDocument = `{"roleARN":"arn:aws:iam::111122223333:role/reader"}`

func TestRule15WaitReturnsOnceThereAreCredentials(t *testing.T) {
	requested, release := make(chan struct{}), make(chan struct{})
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(requested)
		<-release
		answerAsSTS(w, r)
	}))
	t.Cleanup(sts.Close)
	p := startWith(t, readerDocument, sts.URL)
	waited := make(chan string)
	go func() {
		var out bytes.Buffer
		wait(t.Context(), []string{"--listen=" + p.address, "--timeout=1m"}, &out)
		waited <- out.String()
	}()
	<-requested
	select {
	case out := <-waited:
		t.Errorf("wait returned before STS answered: %s", out)
	default:
	}
	close(release)
	if out := <-waited; out != "" {
		t.Errorf("wait prints %q", out)
	}
	if status := p.get(t); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

func TestMetricsAreServedIfTheyAreEnabled(t *testing.T) {
	address := freeAddress(t)
	p := startWith(t, readerDocument, fakeSTS(t), "--metrics="+address)
	wait(t.Context(), []string{"--listen=" + p.address, "--timeout=1m"}, io.Discard)
	p.get(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	for _, line := range []string{`podidentity_requests_total{code="200"} 1`, `podidentity_refreshes_total{result="success"} 1`} {
		if err != nil || !strings.Contains(string(body), line+"\n") {
			t.Errorf("no line %q in %s, %v", line, body, err)
		}
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

func TestAPodThatHasStartedIsReadyAfterARestartWithoutSTS(t *testing.T) {
	for name, test := range map[string]struct {
		sts   func(t *testing.T) string
		ready bool
	}{
		"with credentials": {fakeSTS, true},
		"without":          {unreachable, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := startWith(t, readerDocument, test.sts(t))
			wait(t.Context(), []string{"--listen=" + p.address, "--timeout=1s"}, io.Discard)
			if err := probe(t.Context(), []string{"--listen=" + p.address}, io.Discard); (err == nil) != test.ready {
				t.Errorf("probe returns %v", err)
			}
			if err := p.end(); err != nil {
				t.Error(err)
			}
			kubelet := freeAddress(t)
			p.restart(t, unreachable(t), "--probe="+kubelet)
			waitAfterRestart(t, p.address, test.ready)
			if err := probe(t.Context(), []string{"--listen=" + p.address}, io.Discard); (err == nil) != test.ready {
				t.Errorf("after the restart, probe returns %v", err)
			}
			want := http.StatusServiceUnavailable
			if test.ready {
				want = http.StatusOK
			}
			if status, body := getProbe(t, kubelet, "/readyz"); status != want {
				t.Errorf("/readyz is answered with %d: %s", status, body)
			}
			err := probe(t.Context(), []string{"--listen=" + p.address, "--live"}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), "cannot be reached") {
				t.Errorf("probe --live returns %v", err)
			}
			if status, body := getProbe(t, kubelet, "/livez"); status != http.StatusFound || body != err.Error() {
				t.Errorf("/livez is answered with %d: %s", status, body)
			}
			if err := p.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// waitAfterRestart waits as the hook of a sidecar that has been restarted does: not to the end of its time, where the pod has started.
func waitAfterRestart(t *testing.T, address string, started bool) {
	t.Helper()
	timeout := "300ms"
	if started {
		timeout = "1m"
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	wait(ctx, []string{"--listen=" + address, "--timeout=" + timeout}, io.Discard)
	if ctx.Err() != nil {
		t.Error("the hook waits in a pod that has started")
	}
}

// unreachable is the URL of an STS that nothing listens for.
func unreachable(t *testing.T) string {
	t.Helper()
	return "http://" + freeAddress(t)
}

// getProbe asks as the kubelet does, which follows no redirect to another host.
func getProbe(t *testing.T, address, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestWhatCannotListenBesideTheCredentialsDoesNotEndTheSidecar(t *testing.T) {
	for flag, says := range map[string]string{
		"--metrics=": "metrics are not served", "--probe=": "so the kubelet takes the pod for unready",
	} {
		t.Run(flag, func(t *testing.T) {
			sts := fakeSTS(t)
			p := startWith(t, readerDocument, sts, flag+strings.TrimPrefix(sts, "http://"))
			wait(t.Context(), []string{"--listen=" + p.address, "--timeout=1m"}, io.Discard)
			if status := p.get(t); status != http.StatusOK {
				t.Errorf("status %d", status)
			}
			if err := p.end(); err != nil {
				t.Error(err)
			}
			if !strings.Contains(p.out.String(), says) {
				t.Errorf("the log does not say so: %s", p.out.String())
			}
		})
	}
}
