package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

func refusals(t *testing.T, s *suite) {
	good := s.token(t, "reader", audience)
	parts := strings.Split(good, ".")
	for name, test := range map[string]struct{ cluster, token, exception, says string }{
		"a token for another audience":       {"green", s.token(t, "reader", "sts.amazonaws.com"), "InvalidTokenException", "pods.eks.amazonaws.com"},
		"a token for the API server itself":  {"green", s.token(t, "reader", "https://kubernetes.default.svc"), "InvalidTokenException", "pods.eks.amazonaws.com"},
		"a token that is not bound to a pod": {"green", strings.TrimSpace(s.Do(t, "create", "token", "--namespace=shop", "reader", "--audience="+audience)), "InvalidTokenException", "not bound to a pod"},
		"a token of another cluster":         {"green", foreign(t, parts[1]), "InvalidTokenException", "that this cluster has issued"},
		"a token whose text was changed":     {"green", parts[0] + "." + forged(t, parts[1]) + "." + parts[2], "InvalidTokenException", "that this cluster has issued"},
		"no token":                           {"green", "a.b.c", "InvalidTokenException", "that this cluster has issued"},
		"no token at all":                    {"green", "a", "InvalidParameterException", "not a JSON Web Token"},
		"another cluster's name":             {"blue", good, "ResourceNotFoundException", "for the cluster green"},
		"a service account without association, though others have one": {"green", s.token(t, "nobody", audience), "ResourceNotFoundException", "service account nobody of namespace shop"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ask(t.Context(), s.client(s.bundle(t)), test.cluster, test.token)
			if err != nil || a.Type != test.exception || !strings.Contains(a.Message, test.says) {
				t.Errorf("%+v %v", a, err)
			}
			t.Log(a.Type, a.Message)
		})
	}
}

// foreign is a token with these claims that the key of another cluster has signed.
func foreign(t *testing.T, claims string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"another"}`)) + "." + claims
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// forged names another service account in the claims.
func forged(t *testing.T, claims string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(claims)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.ReplaceAll(string(text), "reader", "tagged")))
}

// deletedPod proves that a token dies with its pod: at once where the API server has not seen it, and with what the API server
// remembers (ten seconds) where it has.
func deletedPod(t *testing.T, s *suite) {
	s.DoWith(t, fmt.Sprintf("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: late, namespace: shop}\n---\n"+
		"apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: late}\n"+
		"spec: {namespace: shop, serviceAccount: late, roleARN: 'arn:aws:iam::111122223333:role/pods/late'}\n---\n"+
		"apiVersion: v1\nkind: Pod\nmetadata: {name: late, namespace: shop}\n"+
		"spec: {serviceAccountName: late, terminationGracePeriodSeconds: 0, containers: [{name: app, image: %s, command: [sleep, infinity]}]}", s.CLIImage), "apply", "-f", "-")
	s.Do(t, "wait", "--for=condition=Ready", "pia/late", "--timeout=2m")
	used, unused := s.token(t, "late", audience), s.token(t, "late", audience)
	s.must(t, used)
	s.Do(t, "delete", "pod", "--namespace=shop", "late", "--now")
	ctx, cancel := withTimeout(t)
	defer cancel()
	client, begin := s.client(s.bundle(t)), time.Now()
	a, err := ask(ctx, client, "green", unused)
	if err != nil || a.Type != "InvalidTokenException" || !strings.Contains(a.Message, "was deleted") {
		t.Errorf("%+v %v", a, err)
	}
	for a, err = ask(ctx, client, "green", used); err == nil && a.Type == ""; {
		a, err = ask(ctx, client, "green", used)
	}
	if err != nil || a.Type != "InvalidTokenException" {
		t.Errorf("%+v %v", a, err)
	}
	t.Logf("the token that was used before is refused %s after the deletion: %s", time.Since(begin).Round(100*time.Millisecond), a.Message)
}
