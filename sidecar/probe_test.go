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
		sts     string
		timeout string // for what has to come, or not
		ready   bool
	}{
		"with credentials": {fakeSTS(t), "1m", true},
		"without":          {unreachable, "300ms", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := startWith(t, readerDocument, test.sts)
			wait(t.Context(), []string{"--listen=" + p.address, "--timeout=" + test.timeout}, io.Discard)
			if err := probe(t.Context(), []string{"--listen=" + p.address, "--timeout=" + test.timeout}, io.Discard); (err == nil) != test.ready {
				t.Errorf("probe returns %v", err)
			}
			if err := p.end(); err != nil {
				t.Error(err)
			}
			kubelet := freeAddress(t)
			p.restart(t, unreachable, "--probe="+kubelet)
			waitAfterRestart(t, p.address, test.timeout)
			trouble := p.awaitTrouble(t)
			if err := probe(t.Context(), []string{"--listen=" + p.address, "--timeout=" + test.timeout}, io.Discard); (err == nil) != test.ready {
				t.Errorf("after the restart, probe returns %v", err)
			}
			want := http.StatusServiceUnavailable
			if test.ready {
				want = http.StatusOK
			}
			if status, body := getProbe(t, kubelet, "/readyz"); status != want {
				t.Errorf("/readyz is answered with %d: %s", status, body)
			}
			if status, body := getProbe(t, kubelet, "/livez"); status != http.StatusFound || body != trouble {
				t.Errorf("/livez is answered with %d: %s", status, body)
			}
			if err := p.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// waitAfterRestart waits as the hook of a sidecar that has been restarted does: not to the end of its time, where the pod has started.
func waitAfterRestart(t *testing.T, address, timeout string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	wait(ctx, []string{"--listen=" + address, "--timeout=" + timeout}, io.Discard)
	if ctx.Err() != nil {
		t.Error("the hook waits in a pod that has started")
	}
}

// awaitTrouble is what `sidecar probe --live` says once the first fetch has failed.
func (p *pod) awaitTrouble(t *testing.T) (says string) {
	t.Helper()
	p.until(t, func() bool {
		err := probe(t.Context(), []string{"--listen=" + p.address, "--live", "--timeout=1m"}, io.Discard)
		if err != nil {
			says = err.Error()
		}
		return err != nil
	})
	if !strings.Contains(says, "cannot be reached") {
		t.Errorf("probe --live says %s", says)
	}
	return says
}

// unreachable is the URL of an STS that nothing listens for.
const unreachable = "http://127.0.0.1:1"

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
