package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/readiness"
	"github.com/podidentity/podidentity/sidecar/server"
)

const (
	token = server.Token("AAAABBBBCCCCDDDDEEEEFFFFGG")
	path  = contract.CredentialsPath
)

// source answers after delay, and fails with err if that is set. The access key ID ends with the name of the container. Package webidentity tests what STS does.
type source struct {
	delay time.Duration
	err   error
}

func (s source) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	select {
	case <-ctx.Done():
		return credentials.Credentials{}, ctx.Err()
	case <-time.After(s.delay):
	}
	return credentials.Credentials{
		AccessKeyID: "ASIA" + id.Container, SecretAccessKey: "secret", SessionToken: "token",
		Expiration: time.Now().Add(time.Hour), AccountID: "111122223333",
	}, s.err
}

// newSets runs Sets until the test ends.
func newSets(t testing.TB, s credentials.Source, containers ...string) *credentials.Sets {
	t.Helper()
	k := credentials.NewSets(s, containers, discardLog(), time.Now)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return k
}

// readySets are Sets with credentials.
func readySets(t testing.TB) *credentials.Sets {
	t.Helper()
	k := newSets(t, source{})
	k.SetIdentities(associated())
	for {
		changed := k.Changed()
		if _, ok := k.Of("").Current().Body(time.Now()); ok {
			return k
		}
		<-changed
	}
}

func associated() identity.Reading {
	return identity.Reading{Identity: contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/r"}}
}

func discardLog() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

func handler(t testing.TB, k *credentials.Sets) http.Handler {
	t.Helper()
	return newServer(t, k).Handler()
}

func newServer(t testing.TB, k *credentials.Sets) *server.Server {
	t.Helper()
	return server.New(of(k), reporter(t, k), tokens(t), discardLog(), time.Now)
}

func of(k *credentials.Sets) func(container string) server.Keeper {
	return func(container string) server.Keeper { return k.Of(container) }
}

// tokens are that of the pod, which is token, and those of containers.
func tokens(t testing.TB, containers ...string) *server.Tokens {
	t.Helper()
	made, err := server.EnsureTokens(filepath.Join(t.TempDir(), "token"), string(token), containers)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func reporter(t testing.TB, k *credentials.Sets) *readiness.Reporter {
	t.Helper()
	return readiness.NewReporter(k, time.Now, filepath.Join(t.TempDir(), "started"), discardLog())
}

// request is one as SDKs send it.
func request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:2711"+path, nil)
	r.Header.Set("Authorization", string(token))
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// expectError demands an error that every SDK can read (README, rule 20).
func expectError(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	var fields map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &fields); err != nil {
		t.Fatalf("the body %q is not JSON of strings: %v", w.Body, err)
	}
	if w.Code != status || fields["code"] == "" || fields["message"] == "" ||
		fields["Code"] != fields["code"] || fields["Message"] != fields["message"] || len(fields) != 4 {
		t.Errorf("status %d, want %d, body %s", w.Code, status, w.Body)
	}
	if contentType := w.Header().Get("Content-Type"); contentType != "application/json" {
		t.Errorf("content type %q", contentType)
	}
}
