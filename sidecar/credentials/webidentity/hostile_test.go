package webidentity_test

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestRefusalsOfSTS(t *testing.T) {
	for name, test := range map[string]struct {
		status        int
		code, message string
		want          credentials.Verdict
		says          string
	}{
		"AccessDenied may be that of a new role":          {403, "AccessDenied", "Not authorized", credentials.Provisional, "system:serviceaccount:shop:front"},
		"an unknown refusal is provisional":               {400, "InvalidParameterValue", "No.", credentials.Provisional, "No."},
		"a missing OIDC provider is provisional":          {400, "InvalidIdentityToken", "No OpenIDConnect provider found", credentials.Provisional, "OIDC provider"},
		"keys that STS could not read are transient":      {400, "InvalidIdentityToken", "Couldn't retrieve verification key", credentials.Transient, ""},
		"an issuer that STS could not reach is transient": {400, "IDPCommunicationError", "timeout", credentials.Transient, ""},
		"an expired token will be renewed":                {400, "ExpiredTokenException", "expired", credentials.Transient, "kubelet"},
		"the same by the code of MinIO":                   {400, "ExpiredToken", "expired", credentials.Transient, "kubelet"},
		"a rejected claim lasts":                          {403, "IDPRejectedClaim", "no", credentials.Refused, ""},
		"a malformed policy lasts":                        {400, "MalformedPolicyDocument", "no", credentials.Refused, "policy of the association"},
		"a policy too large lasts":                        {400, "PackedPolicyTooLarge", "no", credentials.Refused, "disableSessionTags"},
		"a disabled region lasts":                         {403, "RegionDisabledException", "no", credentials.Refused, "AWS_REGION"},
		"a wrong parameter lasts":                         {400, "ValidationError", "no", credentials.Refused, "sessionDuration"},
		"throttling is recognised by its code":            {400, "Throttling", "Rate exceeded", credentials.Throttled, "Rate exceeded"},
		"throttling is recognised by its other code":      {400, "ThrottlingException", "Rate exceeded", credentials.Throttled, ""},
		"throttling is recognised by its status":          {429, "Odd", "slower", credentials.Throttled, ""},
		"a failure of STS itself is transient":            {500, "InternalFailure", "oops", credentials.Transient, ""},
		"an unavailable STS is transient":                 {503, "ServiceUnavailable", "oops", credentials.Transient, ""},
		"a message of several lines becomes one":          {403, "AccessDenied", "a\nb\x09c", credentials.Provisional, "a b c"},
		// It must not be longer: smithy-go closes the body of a request that net/http may still be sending, which may close the
		// connection before a response of several packets is read. The Keeper then retries.
		"a long message is cut": {403, "AccessDenied", strings.Repeat("ä", 700), credentials.Provisional, "ää..."},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeSTS(t, refuse(test.status, test.code, test.message))
			_, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role})
			f := failure(t, err)
			if f.Verdict != test.want || !strings.Contains(f.Reason, test.says) || !strings.Contains(f.Reason, role) {
				t.Errorf("verdict %v, reason %s", f.Verdict, f.Reason)
			}
			if len(fake.requests) != 1 {
				t.Errorf("%d requests: only the Keeper retries", len(fake.requests))
			}
		})
	}
}

func TestRefusalOfTheTargetRoleNamesBoth(t *testing.T) {
	fake := newFakeSTS(t, nil)
	fake.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Get("Action") == "AssumeRole" {
			refuse(403, "AccessDenied", "no")(w, r)
			return
		}
		succeed(w, r, time.Now().Add(time.Hour))
	}
	_, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role, TargetRoleARN: target})
	if f := failure(t, err); !strings.Contains(f.Reason, target) || !strings.Contains(f.Reason, "to "+role) {
		t.Errorf("reason %s", f.Reason)
	}
}

func TestSTSThatMisbehaves(t *testing.T) {
	hang := make(chan struct{})
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"it hangs":                    {func(http.ResponseWriter, *http.Request) { <-hang }, "in time"},
		"it resets the connection":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "cannot be reached"},
		"it answers garbage":          {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<<<") }, "200"},
		"it answers nothing":          {func(http.ResponseWriter, *http.Request) {}, "without credentials"},
		"it answers another document": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html></html>") }, "200"},
		"it fails with a page":        {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<h1>Bad gateway", http.StatusBadGateway) }, "502"},
		"it refuses with a page":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<h1>Proxy says no", http.StatusForbidden) }, "403"},
		"it redirects the token away": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1", http.StatusTemporaryRedirect)
		}, "307"},
		"its response does not end": {endless, "200"},
		"it omits the credentials": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<R><AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResult></R>")
		}, "without credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeSTS(t, test.answer)
			ctx := t.Context()
			if name == "it hangs" {
				ctx = shortContext(t)
				t.Cleanup(func() { close(hang) })
			}
			_, err := source(t, fake.URL).Fetch(ctx, contract.Identity{RoleARN: role})
			if f := failure(t, err); f.Verdict != credentials.Transient || !strings.Contains(f.Reason, test.says) || strings.Contains(f.Reason, "could be sent") {
				t.Errorf("verdict %v, reason %s", f.Verdict, f.Reason)
			}
		})
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "<AssumeRoleWithWebIdentityResponse><x>")
	for range 2048 {
		_, _ = io.WriteString(w, strings.Repeat(" ", 1024))
	}
}

func TestRetryAfterIsRespected(t *testing.T) {
	fake := newFakeSTS(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "17")
		refuse(503, "ServiceUnavailable", "later")(w, r)
	})
	_, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role})
	if f := failure(t, err); f.RetryAfter != 17*time.Second {
		t.Errorf("retry after %s", f.RetryAfter)
	}
}

func TestSecretsThatSTSRepeatsAreRemoved(t *testing.T) {
	fake := newFakeSTS(t, func(w http.ResponseWriter, r *http.Request) {
		refuse(400, "ValidationError", fmt.Sprintf("1 error: %s is odd", r.PostForm.Get("WebIdentityToken")))(w, r)
	})
	_, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role})
	if f := failure(t, err); strings.Contains(f.Reason, jwt) || !strings.Contains(f.Reason, "[secret] is odd") {
		t.Errorf("reason %s", f.Reason)
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc((&fakeSTS{}).serve))
	// The test reads the errors of the client instead.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, block, 0o600); err != nil {
		t.Fatal(err)
	}
	byOtherName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for name, test := range map[string]struct{ endpoint, bundle, says string }{
		"the CA of the bundle is trusted":          {server.URL, bundle, ""},
		"another CA is not":                        {server.URL, "", "set AWS_CA_BUNDLE"},
		"a certificate of another name is refused": {byOtherName, bundle, "not localhost"},
		"a missing bundle":                         {server.URL, bundle + "x", "read AWS_CA_BUNDLE"},
		"a bundle without a certificate":           {server.URL, "source.go", "no certificate in PEM"},
		"a bundle without end":                     {server.URL, "/dev/zero", "is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, test.endpoint)
			s.STS.CABundle = test.bundle
			_, err := s.Fetch(t.Context(), contract.Identity{RoleARN: role})
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestExpirationIsConvertedToTheClockOfTheNode(t *testing.T) {
	for name, test := range map[string]struct{ skew, want time.Duration }{
		"a node two hours behind":   {2 * time.Hour, time.Hour},
		"a node two hours ahead":    {-2 * time.Hour, time.Hour},
		"a few seconds are ignored": {20 * time.Second, time.Hour + 20*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeSTS(t, func(w http.ResponseWriter, r *http.Request) {
				now := time.Now().Add(test.skew)
				w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
				succeed(w, r, now.Add(time.Hour))
			})
			got, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role})
			if off := time.Until(got.Expiration) - test.want; err != nil || off.Abs() > 15*time.Second {
				t.Errorf("expires in %s, %v", time.Until(got.Expiration), err)
			}
		})
	}
}
