package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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

func TestMetricsThatCannotBeServedDoNotEndTheSidecar(t *testing.T) {
	sts := fakeSTS(t)
	p := startWith(t, readerDocument, sts, "--metrics="+strings.TrimPrefix(sts, "http://"))
	wait(t.Context(), []string{"--listen=" + p.address, "--timeout=1m"}, io.Discard)
	if status := p.get(t); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(p.out.String(), "metrics are not served") {
		t.Errorf("the log does not say so: %s", p.out.String())
	}
}
