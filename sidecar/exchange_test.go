package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/command"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/readiness"
	"github.com/podidentity/podidentity/sidecar/server"
)

// dying is a source in memory, since the clock of its test is simulated. From the second fetch on it is a process that is killed in the
// middle of what it prints, until an hour is over.
type dying struct {
	fetches int
	since   time.Time
}

func (d *dying) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	d.fetches++
	if d.fetches == 2 {
		d.since = time.Now()
	}
	if d.fetches > 1 && time.Since(d.since) < time.Hour {
		half := command.Source{Path: "/bin/sh", Arguments: []string{"-c", `printf '{"Version":1,'; kill -9 $$`}}
		return half.Fetch(ctx, id)
	}
	return credentials.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "s", SessionToken: "t", Expiration: time.Now().Add(2 * time.Hour)}, nil
}

func TestKillingEveryExchangeForAnHourLosesNoGET(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, log := new(dying), logrus.New()
		log.SetOutput(io.Discard)
		sets := credentials.NewSets(source, nil, log, time.Now)
		sets.SetIdentities(identity.Reading{Identity: contract.Identity{RoleARN: readerRole, SessionDuration: contract.Duration(2 * time.Hour)}})
		go sets.Run(t.Context())
		synctest.Wait()
		status := readiness.NewReporter(sets, time.Now, "", log)
		token := strings.Repeat("token", 6)
		tokens, err := server.EnsureTokens(filepath.Join(t.TempDir(), "token"), token, nil)
		if err != nil {
			t.Fatal(err)
		}
		handler := server.New(func(container string) server.Keeper { return sets.Of(container) }, status, tokens, log, time.Now).Handler()
		for range 3 * time.Hour / time.Second {
			time.Sleep(time.Second) // of the simulated clock
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:2711"+contract.CredentialsPath, nil)
			r.Header.Set("Authorization", token)
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, r); w.Code != http.StatusOK {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
		}
		if source.fetches < 30 {
			t.Errorf("%d fetches: the sidecar has given up", source.fetches)
		}
	})
}

const readerRole = "arn:aws:iam::111122223333:role/reader"

// answer is what a hostile server in place of STS answers, and what the sidecar makes of that.
type answer struct {
	serve   http.HandlerFunc
	verdict credentials.Verdict
	says    string
}

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refusal(code, message string) string {
	return "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + message + "</Message></Error></ErrorResponse>"
}

func hostile() map[string]answer {
	return map[string]answer{
		"it breaks the connection":      {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, credentials.Transient, "cannot be reached"},
		"it answers garbage":            {text(200, "<<<"), credentials.Transient, "200"},
		"it answers nothing":            {text(200, ""), credentials.Transient, "without credentials"},
		"it does not end its answer":    {text(200, "<R><x>"+strings.Repeat(" ", 2<<20)), credentials.Transient, "200"},
		"it fails with a page":          {text(502, "<h1>Bad gateway"), credentials.Transient, "502"},
		"it throttles":                  {text(400, refusal("Throttling", "Rate exceeded")), credentials.Throttled, "Rate exceeded"},
		"it may know a new role soon":   {text(403, refusal("AccessDenied", "no")), credentials.Provisional, "trust policy"},
		"it refuses for good":           {text(400, refusal("MalformedPolicyDocument", "no")), credentials.Refused, "policy of the association"},
		"it refuses at length":          {text(400, refusal("MalformedPolicyDocument", strings.Repeat("ä", 2000))), credentials.Refused, "ää..."},
		"it repeats the token":          {text(400, refusal("ValidationError", "a.b.c is odd")), credentials.Refused, "[secret] is odd"},
		"it sends lines to forge a log": {text(400, refusal("ValidationError", "a\n{\"level\":\"info\"}")), credentials.Refused, `a {"level":"info"}`},
		"it sends JSON of an exchange":  {text(200, `{"Version":1,"AccessKeyId":"a"}`), credentials.Transient, "without credentials"},
		"it redirects the token away":   {redirect, credentials.Transient, "307"},
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "http://127.0.0.1:1", http.StatusTemporaryRedirect)
}

func TestAHostileSTSIsTheSameFailureOverTheProcess(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a.b.c"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range hostile() {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.serve)
			defer server.Close()
			getenv := func(name string) string { return map[string]string{contract.EnvSTSEndpoint: server.URL}[name] }
			c, err := config.Parse([]string{"--token=" + token}, getenv, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			id := contract.Identity{RoleARN: readerRole}
			_, direct := sourceOf(c).Fetch(t.Context(), id)
			_, err = exchangeCommand(c, getenv).Fetch(t.Context(), id)
			want, _ := errors.AsType[*credentials.Failure](direct)
			got, ok := errors.AsType[*credentials.Failure](err)
			if !ok || got.Verdict != test.verdict || !strings.Contains(got.Reason, test.says) {
				t.Fatalf("got %v", err)
			}
			if got.Verdict != want.Verdict || got.RetryAfter != want.RetryAfter || name != "it breaks the connection" && got.Reason != want.Reason {
				t.Errorf("over the process: %+v, directly: %+v", got, want)
			}
		})
	}
}
