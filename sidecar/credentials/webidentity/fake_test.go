package webidentity_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

const (
	role   = "arn:aws:iam::111122223333:role/reader"
	target = "arn:aws:iam::444455556666:role/target"
	// jwt has the form of a token.
	jwt = "eyJhbGciOiJub25lIn0.ZmFrZQ.c2VjcmV0"
)

// fakeSTS is a fake STS, since the real one does not fail on demand. It records the requests. Answer handles them, and the default
// gives credentials.
type fakeSTS struct {
	*httptest.Server
	requests []url.Values
	headers  []http.Header
	answer   http.HandlerFunc
}

func newFakeSTS(t *testing.T, answer http.HandlerFunc) *fakeSTS {
	t.Helper()
	f := &fakeSTS{answer: answer}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSTS) serve(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		panic(err)
	}
	f.requests = append(f.requests, r.PostForm)
	f.headers = append(f.headers, r.Header)
	if f.answer != nil {
		f.answer(w, r)
		return
	}
	succeed(w, r, time.Now().Add(time.Hour))
}

func succeed(w http.ResponseWriter, r *http.Request, expiration time.Time) {
	action := r.PostForm.Get("Action")
	_, _ = fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>
<Credentials><AccessKeyId>ASIAFAKE</AccessKeyId><SecretAccessKey>secret of %[2]s</SecretAccessKey>
<SessionToken>session of %[2]s</SessionToken><Expiration>%[3]s</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::999900001111:assumed-role/x/y</Arn><AssumedRoleId>AROA:y</AssumedRoleId></AssumedRoleUser>
</%[1]sResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></%[1]sResponse>`,
		action, r.PostForm.Get("RoleArn"), expiration.UTC().Format(time.RFC3339))
}

// refuse answers as STS does.
func refuse(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code, message)
	}
}

// source is one that uses the STS at endpoint.
func source(t *testing.T, endpoint string) webidentity.Source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(jwt), 0o600); err != nil {
		t.Fatal(err)
	}
	return webidentity.Source{
		TokenFile: file,
		STS:       webidentity.STS{Region: "eu-central-1", Endpoint: endpoint},
		Pod: webidentity.Pod{
			Name: "web-0", Namespace: "shop", UID: "0a1b", ServiceAccount: "front", ClusterName: "green", ClusterARN: "arn:green",
		},
	}
}

// shortContext is done before a hanging server is.
func shortContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func failure(t *testing.T, err error) *credentials.Failure {
	t.Helper()
	f, ok := errors.AsType[*credentials.Failure](err)
	if !ok {
		t.Fatalf("error %v is no Failure", err)
	}
	return f
}
