package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
)

// fakeSTS is a fake STS with one role.
func fakeSTS(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(answerAsSTS))
	t.Cleanup(server.Close)
	return server.URL
}

func answerAsSTS(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.FormValue("RoleArn"), "role/reader") {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `<ErrorResponse><Error><Code>MalformedPolicyDocument</Code><Message>said the fake</Message></Error></ErrorResponse>`)
		return
	}
	_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>top-secret</SecretAccessKey><SessionToken>top-token</SessionToken>
<Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// pod is a directory with the files of a pod, and the sidecar that uses them.
type pod struct {
	dir, address string
	out          bytes.Buffer // to be read after end
	end          func() error
}

func (p *pod) file(name string) string { return filepath.Join(p.dir, name) }

func start(t *testing.T, identity string) *pod {
	t.Helper()
	return startWith(t, identity, fakeSTS(t))
}

func startWith(t *testing.T, identity, endpoint string, more ...string) *pod {
	t.Helper()
	return startIn(t, identity, map[string]string{"AWS_ENDPOINT_URL_STS": endpoint, "POD_NAME": "p", "POD_NAMESPACE": "n"}, more...)
}

func startIn(t *testing.T, identity string, environment map[string]string, more ...string) *pod {
	t.Helper()
	p := &pod{dir: t.TempDir()}
	for name, content := range map[string]string{"identity": identity, "token": "a.b.c"} {
		if err := os.WriteFile(p.file(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.run(t, environment, more...)
	return p
}

// restart is what the kubelet does to a container that has ended.
func (p *pod) restart(t *testing.T, endpoint string, more ...string) {
	t.Helper()
	p.run(t, map[string]string{"AWS_ENDPOINT_URL_STS": endpoint}, more...)
}

func (p *pod) run(t *testing.T, environment map[string]string, more ...string) {
	t.Helper()
	p.address = freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, append([]string{
			"--identity=" + p.file("identity"), "--token=" + p.file("token"),
			"--authorization=" + p.file("auth/token"), "--listen=" + p.address,
		}, more...), func(name string) string { return environment[name] }, &p.out)
	}()
	p.end = func() error {
		cancel()
		return <-done
	}
}

// freeAddress is one that no other server of a test gets before the sidecar listens there: the kernel gives those ports from 32768 on.
func freeAddress(t *testing.T) string {
	t.Helper()
	for t.Context().Err() == nil {
		address := fmt.Sprint("127.0.0.1:", 20000+rand.IntN(10000))
		if listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", address); err == nil {
			_ = listener.Close() // it has accepted nothing
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (p *pod) get(t *testing.T) int {
	t.Helper()
	token, err := os.ReadFile(p.file("auth/token"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+contract.CredentialsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", string(token))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestPod(t *testing.T) {
	for name, test := range map[string]struct {
		identity, says string
		probe          bool
		status         int
	}{
		"one with an association has credentials": {identity: `{"roleARN":"arn:aws:iam::111122223333:role/reader"}`, probe: true, status: 200},
		"one without is ready, and says so":       {identity: "", says: "no PodIdentityAssociation", probe: true, status: 403},
		"one that STS refuses is not ready, with the message of STS": {
			identity: `{"roleARN":"arn:aws:iam::111122223333:role/x"}`, says: "said the fake", status: 403,
		},
		"one whose document is invalid is not ready": {identity: `{`, says: "is invalid", status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, test.identity)
			var out bytes.Buffer
			wait(t.Context(), []string{"--listen=" + p.address}, &out)
			if !strings.Contains(out.String(), test.says) || strings.Count(out.String(), "\n") > 1 {
				t.Errorf("wait prints %q", out.String())
			}
			if status := p.get(t); status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			err := probe(t.Context(), []string{"--listen=" + p.address, "--timeout=1m"}, &out)
			if (err == nil) != test.probe || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("probe returns %v", err)
			}
			if err := p.end(); err != nil {
				t.Errorf("the sidecar ended with %v", err)
			}
			if log := p.out.String(); strings.Contains(log, "top-secret") || strings.Contains(log, "top-token") || strings.Contains(log, "a.b.c") {
				t.Errorf("the log holds a secret: %s", log)
			}
		})
	}
}

func TestASidecarThatCannotServeSaysWhy(t *testing.T) {
	p := start(t, "")
	wait(t.Context(), []string{"--listen=" + p.address}, new(bytes.Buffer))
	defer func() { _ = p.end() }()
	auth := "--authorization=" + p.file("other")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"a port in use":                     {[]string{auth, "--listen=" + p.address}, "podidentity.dev/port"},
		"a wrong flag":                      {[]string{"--sts=x"}, "--help"},
		"a directory in place of the token": {[]string{"--authorization=" + p.dir}, "authorization token"},
	} {
		t.Run(name, func(t *testing.T) {
			err := serve(t.Context(), test.args, func(string) string { return "" }, new(bytes.Buffer))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWaitNeverFails(t *testing.T) {
	for name, args := range map[string][]string{
		"wrong flags":     {"--nothing"},
		"nothing listens": {"--listen=127.0.0.1:1", "--timeout=20ms"},
		"no time to wait": {"--listen=127.0.0.1:1", "--timeout=0s"},
	} {
		t.Run(name, func(t *testing.T) {
			if code := run(t.Context(), append([]string{"wait"}, args...)); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestProbeFailsIfNothingListens(t *testing.T) {
	if code := run(t.Context(), []string{"probe", "--listen=127.0.0.1:1", "--timeout=20ms"}); code != 1 {
		t.Errorf("exit code %d", code)
	}
}
