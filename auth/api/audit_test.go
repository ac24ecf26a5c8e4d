package api_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/auth/exception"
)

func TestEachSessionIsOneLineWithoutSecrets(t *testing.T) {
	h, lines := handler(t, good())
	r := post(h, path, request)
	if len(lines.AllEntries()) != 1 {
		t.Fatalf("%d lines", len(lines.AllEntries()))
	}
	line, err := lines.LastEntry().String()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{
		"session issued", "namespace=shop", "serviceAccount=front", "pod=web-0", "uid=0a1b", "association=reader",
		"role=\"arn:aws:iam::111122223333:role/pods/reader\"", "awsRequestIDs=\"[aws-1]\"",
		"expiration=\"2023-11-14 22:13:20 +0000 UTC\"", "cached=false", "requestID=" + r.Header().Get("x-amzn-RequestId"),
	} {
		if !strings.Contains(line, field) {
			t.Errorf("%s is not in %s", field, line)
		}
	}
	assertNoSecrets(t, line)
}

func TestEachRefusalIsOneLineWithoutSecrets(t *testing.T) {
	b := good()
	b.issue = exception.New(exception.AccessDenied, "trust it")
	h, lines := handler(t, b)
	post(h, path, request)
	line, err := lines.LastEntry().String()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines.AllEntries()) != 1 || !strings.Contains(line, "session refused") || !strings.Contains(line, "exception=AccessDeniedException") || !strings.Contains(line, "pod=web-0") {
		t.Error(line)
	}
	assertNoSecrets(t, line)
}

func assertNoSecrets(t *testing.T, line string) {
	t.Helper()
	for _, secret := range []string{jwt, "c2VjcmV0", "very secret", "session token"} {
		if strings.Contains(line, secret) {
			t.Errorf("%q is in %s", secret, line)
		}
	}
}
