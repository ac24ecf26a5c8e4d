package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
)

// fakeRoles is a fake STS whose access key IDs are the names of the roles. It refuses the role "refused".
func fakeRoles(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, role, _ := strings.Cut(r.FormValue("RoleArn"), ":role/")
		if role == "refused" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `<ErrorResponse><Error><Code>MalformedPolicyDocument</Code><Message>said the fake</Message></Error></ErrorResponse>`)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
			role, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// documentOf is that of a pod with the role "pod", and of containers, each as name=role.
func documentOf(containers ...string) string {
	arn := func(role string) string { return "arn:aws:iam::111122223333:role/" + role }
	ids := contract.Identities{Identity: contract.Identity{RoleARN: arn("pod")}}
	for _, text := range containers {
		name, role, _ := strings.Cut(text, "=")
		ids.Containers = append(ids.Containers, contract.Identity{Container: name, RoleARN: arn(role)})
	}
	return ids.String()
}

// of is the environment of a sidecar.
func of(endpoint, containers, skipped string) map[string]string {
	return map[string]string{"AWS_ENDPOINT_URL_STS": endpoint, "CONTAINERS": containers, "SKIPPED_CONTAINERS": skipped}
}

// token is what a container reads, or an ephemeral one if its name is empty.
func (p *pod) token(t *testing.T, container string) string {
	t.Helper()
	file := p.file("auth/token")
	if container != "" {
		file = filepath.Join(p.file("auth"), contract.AuthorizationFolder(container), contract.AuthorizationFile)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// role is the one whose credentials a token gets, or the status.
func (p *pod) role(t *testing.T, token string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+contract.CredentialsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var body struct {
		AccessKeyID string `json:"AccessKeyId"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Sprint(response.StatusCode)
	}
	return body.AccessKeyID
}

// awaitStart is `sidecar wait`.
func (p *pod) awaitStart(t *testing.T) (says string) {
	t.Helper()
	var out bytes.Buffer
	wait(t.Context(), []string{"--listen=" + p.address}, &out)
	return out.String()
}

func (p *pod) expectRoles(t *testing.T, want map[string]string) {
	t.Helper()
	for name, role := range want {
		if got := p.role(t, p.token(t, name)); got != role {
			t.Errorf("container %q gets %s, want %s", name, got, role)
		}
	}
}

// change replaces the document as an editor does.
func (p *pod) change(t *testing.T, document string) {
	t.Helper()
	if err := os.WriteFile(p.file("identity"), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
}

// until waits until something is true, for a minute at most.
func (p *pod) until(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			t.Fatal("it never came")
		}
	}
}
