package eksauth_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestExceptions(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		code   string
		want   credentials.Verdict
		says   string
	}{
		"AccessDenied may be that of a new role":             {400, "AccessDeniedException", credentials.Provisional, "trust policy"},
		"an invalid token is provisional":                    {400, "InvalidTokenException", credentials.Provisional, "--audience"},
		"no association may be that of a new one":            {404, "ResourceNotFoundException", credentials.Provisional, "CLUSTER_NAME"},
		"an expired token will be renewed":                   {400, "ExpiredTokenException", credentials.Transient, "kubelet"},
		"an invalid parameter is transient":                  {400, "InvalidParameterException", credentials.Transient, "EKS Auth API"},
		"an invalid request is transient":                    {400, "InvalidRequestException", credentials.Transient, "EKS Auth API"},
		"throttling is retried less often":                   {429, "ThrottlingException", credentials.Throttled, "retries"},
		"throttling is recognised by its status":             {429, "Odd", credentials.Throttled, "no"},
		"a failure of the service is transient":              {500, "InternalServerException", credentials.Transient, "log of the auth service"},
		"an unavailable service is transient":                {503, "ServiceUnavailableException", credentials.Transient, "retries"},
		"a code with a namespace and a URI is the same code": {400, "com.amazonaws.eksauth#AccessDeniedException:http://x", credentials.Provisional, "refuses: AccessDeniedException: no"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeAuth(t, refuse(test.status, test.code, "no"))
			_, err := fake.fetch(t)
			if f := failure(t, err); f.Verdict != test.want || !strings.Contains(f.Reason, test.says) {
				t.Errorf("verdict %v, reason %s", f.Verdict, f.Reason)
			}
			if paths, _ := fake.requests(); len(paths) != 1 {
				t.Errorf("%d requests: only the Keeper retries", len(paths))
			}
		})
	}
}

func TestResponsesThatAreInvalid(t *testing.T) {
	hang := make(chan struct{})
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"it has no credentials":                  {text(`{"assumedRoleUser":{"arn":"` + session + `"}}`), "incomplete credentials"},
		"it has an expiration that is no number": {text(`{"credentials":{"expiration":"2026-01-01T00:00:00Z"}}`), "without a readable message"},
		"it expires after the year 9999":         {text(`{"credentials":{"accessKeyId":"a","secretAccessKey":"b","sessionToken":"c","expiration":1e300}}`), "incomplete credentials"},
		"it is a page":                           {text("<html>"), "without a readable message"},
		"it is the page of a gateway":            {status(502), "answered 502 Bad Gateway"},
		"it redirects":                           {redirect, "answered 307 Temporary Redirect"},
		"it does not end":                        {endless, "without a readable message"},
		"its connection breaks":                  {abort, "cannot be reached"},
		"it hangs":                               {func(http.ResponseWriter, *http.Request) { <-hang }, "did not answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeAuth(t, test.answer)
			ctx := t.Context()
			if name == "it hangs" {
				short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
				ctx = short
				t.Cleanup(func() { cancel(); close(hang) })
			}
			_, err := fake.source(t).Fetch(ctx, contract.Identity{RoleARN: role})
			if f := failure(t, err); f.Verdict != credentials.Transient || !strings.Contains(f.Reason, test.says) {
				t.Errorf("verdict %v, reason %s", f.Verdict, f.Reason)
			}
			if paths, _ := fake.requests(); len(paths) > 1 {
				t.Errorf("the token went to %v", paths)
			}
		})
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
}

func endless(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"x":"`)
	for range 2048 {
		_, _ = io.WriteString(w, strings.Repeat("x", 1024))
	}
}

func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestRetryAfterIsRespected(t *testing.T) {
	fake := newFakeAuth(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "17")
		refuse(503, "ServiceUnavailableException", "later")(w, r)
	})
	_, err := fake.fetch(t)
	if f := failure(t, err); f.RetryAfter != 17*time.Second {
		t.Errorf("retry after %s", f.RetryAfter)
	}
}

func TestSecretsThatTheServiceRepeatsAreRemoved(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"in its message": refuse(400, "InvalidTokenException", jwt+" is odd"),
		"in its type":    refuse(400, jwt, "odd"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newFakeAuth(t, answer).fetch(t)
			if f := failure(t, err); strings.Contains(f.Reason, jwt) || !strings.Contains(f.Reason, "[secret]") {
				t.Errorf("reason %s", f.Reason)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	fake := newFakeAuth(t, nil)
	good := writeFile(t, "ca.crt", fake.ca())
	for name, test := range map[string]struct{ endpoint, ca, says string }{
		"the CA of the file is trusted":                  {fake.URL, good, ""},
		"another CA is not":                              {fake.URL, writeFile(t, "other", otherCA(t)), "compare ConfigMap pod-identity-auth-ca"},
		"without a file only the public CAs are trusted": {fake.URL, "", "is not trusted"},
		"a missing file":                                 {fake.URL, "/nowhere", "ConfigMap pod-identity-auth-ca"},
		"an empty file":                                  {fake.URL, writeFile(t, "empty", ""), "ConfigMap pod-identity-auth-ca"},
		"a file without a certificate":                   {fake.URL, writeFile(t, "odd", "odd"), "no certificate in PEM"},
		"a certificate of another name is refused":       {strings.Replace(fake.URL, "127.0.0.1", "localhost", 1), good, "not localhost"},
		"a service that does not listen":                 {"https://127.0.0.1:1", good, "check that its pods run"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.source(t)
			s.Endpoint, s.CAFile = test.endpoint, test.ca
			_, err := s.Fetch(t.Context(), contract.Identity{RoleARN: role})
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
		})
	}
}
