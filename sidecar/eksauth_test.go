package main

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// fakeAuth is a fake auth service, since the real one needs a cluster. At the first request it has not seen the latest change of
// the association.
func fakeAuth(t *testing.T) (environment map[string]string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		role := "reader"
		if requests.Add(1) == 1 {
			role = "writer"
		}
		_, _ = fmt.Fprintf(w, `{"assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/%s/p"},"credentials":{"accessKeyId":"ASIA",
"secretAccessKey":"top-secret","sessionToken":"top-token","expiration":%d}}`, role, time.Now().Add(time.Hour).Unix())
	}))
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.crt")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"AWS_ENDPOINT_URL_EKS_AUTH": server.URL, "CLUSTER_NAME": "green", "AWS_CA_BUNDLE": bundle}, requests
}

func TestAPodThatUsesAnAuthServiceGetsItsRoleAndNoOther(t *testing.T) {
	environment, requests := fakeAuth(t)
	p := startIn(t, readerDocument, environment, "--source=eks-auth")
	var out bytes.Buffer
	wait(t.Context(), []string{"--listen=" + p.address}, &out)
	if status := p.get(t); status != http.StatusOK || requests.Load() != 2 {
		t.Errorf("status %d after %d requests; wait says %q", status, requests.Load(), out.String())
	}
	if err := p.end(); err != nil {
		t.Errorf("the sidecar ended with %v", err)
	}
	log := p.out.String()
	if !strings.Contains(log, "has not seen the change of the association yet") {
		t.Errorf("the log does not mention the first response: %s", log)
	}
	if strings.Contains(log, "top-secret") || strings.Contains(log, "top-token") || strings.Contains(log, "a.b.c") {
		t.Errorf("the log holds a secret: %s", log)
	}
}
