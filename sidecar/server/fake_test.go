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

// source answers after delay, and fails with err if that is set. Package webidentity tests what STS does.
type source struct {
	delay time.Duration
	err   error
}

func (s source) Fetch(ctx context.Context, _ contract.Identity) (credentials.Credentials, error) {
	select {
	case <-ctx.Done():
		return credentials.Credentials{}, ctx.Err()
	case <-time.After(s.delay):
	}
	return credentials.Credentials{
		AccessKeyID: "ASIA", SecretAccessKey: "secret", SessionToken: "token",
		Expiration: time.Now().Add(time.Hour), AccountID: "111122223333",
	}, s.err
}

// keeper runs a Keeper until the test ends.
func keeper(t testing.TB, s credentials.Source) *credentials.Keeper {
	t.Helper()
	k := credentials.New(s, discardLog(), time.Now)
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

// readyKeeper is a Keeper with credentials.
func readyKeeper(t testing.TB) *credentials.Keeper {
	t.Helper()
	k := keeper(t, source{})
	k.SetIdentity(associated())
	for {
		state := k.Current()
		if _, ok := state.Body(time.Now()); ok {
			return k
		}
		<-state.Replaced()
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

func handler(t testing.TB, k server.Keeper) http.Handler {
	t.Helper()
	return newServer(t, k).Handler()
}

func newServer(t testing.TB, k server.Keeper) *server.Server {
	t.Helper()
	return server.New(k, reporter(t, k), token, discardLog(), time.Now)
}

func reporter(t testing.TB, k server.Keeper) *readiness.Reporter {
	t.Helper()
	return readiness.NewReporter(k.Current, time.Now, filepath.Join(t.TempDir(), "started"), discardLog())
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
