package injection_test

import (
	"strings"
	"testing"
	"time"
)

// swap is longer than a replica keeps the leaf of the old CA after it has seen the new one trusted.
const swap = 45 * time.Second

// deletedCA deletes the Secret of the CA and has pods admitted until every replica serves a certificate of the new one.
func deletedCA(t *testing.T, s suite) {
	before := s.bundle(t)
	s.Do(t, "delete", "secret", "--namespace=pod-identity", "pod-identity-ca")
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: app, image: app}]}"
	refused, admitted := 0, 0
	for begin := time.Now(); time.Since(begin) < swap; admitted++ {
		out, err := s.Cluster.Kubectl(t.Context(), strings.NewReader(pod), "create", "--dry-run=server", "--namespace=meshed", "-o=jsonpath={.metadata.labels}", "-f", "-")
		if err != nil || !strings.Contains(out, "podidentity.dev/injected") {
			refused++
			t.Errorf("after %s: %v %s", time.Since(begin), err, out)
		}
	}
	t.Logf("%d admissions, %d refused or not injected", admitted, refused)
	if after := s.bundle(t); after == before || !strings.Contains(s.Do(t, "get", "secret", "--namespace=pod-identity", "pod-identity-ca", "-o=name"), "pod-identity-ca") {
		t.Error("there is no new CA")
	}
	for _, name := range strings.Fields(s.Do(t, "get", "pods", "--namespace=pod-identity", "-o=name")) {
		if served := strings.Count(s.Do(t, "logs", "--namespace=pod-identity", name), "serving a new certificate"); served < 2 {
			t.Errorf("%s serves the old CA's certificate still", name)
		}
	}
}

// emptiedBundle takes the trust away, as an over-eager tool would, and expects it back.
func emptiedBundle(t *testing.T, s suite) {
	want := s.bundle(t)
	s.Do(t, "patch", "mutatingwebhookconfiguration", "pod-identity", "--type=json", `--patch=[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`)
	s.Do(t, "wait", "mutatingwebhookconfiguration/pod-identity", "--for=jsonpath={.webhooks[0].clientConfig.caBundle}", "--timeout=30s")
	if got := s.bundle(t); got != want {
		t.Errorf("the bundle is another one: %s", got)
	}
}

func (s suite) bundle(t *testing.T) string {
	t.Helper()
	return s.Do(t, "get", "mutatingwebhookconfiguration", "pod-identity", "-o=jsonpath={.webhooks[0].clientConfig.caBundle}")
}
