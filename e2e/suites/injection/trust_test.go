package injection_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// swap is longer than a replica keeps the leaf of the old CA after it has seen the new one trusted, and longestSwap where all is slow.
const swap, longestSwap = 45 * time.Second, 3 * time.Minute

// deletedCA deletes the Secret of the CA and has pods admitted until every replica serves a certificate of the new one.
func deletedCA(t *testing.T, s suite) {
	before := s.bundle(t)
	s.Do(t, "delete", "secret", "--namespace=pod-identity", "pod-identity-ca")
	refused, admitted := 0, 0
	for begin := time.Now(); time.Since(begin) < swap || len(s.servingOld(t)) > 0 && time.Since(begin) < longestSwap; admitted++ {
		out, err := s.admit(t, "{.metadata.labels}")
		if err != nil || !strings.Contains(out, "podidentity.dev/injected") {
			refused++
			t.Errorf("after %s: %v %s", time.Since(begin), err, out)
		}
	}
	t.Logf("%d admissions, %d refused or not injected", admitted, refused)
	if after := s.bundle(t); after == before || !strings.Contains(s.Do(t, "get", "secret", "--namespace=pod-identity", "pod-identity-ca", "-o=name"), "pod-identity-ca") {
		t.Error("there is no new CA")
	}
	if old := s.servingOld(t); len(old) > 0 {
		t.Errorf("%v serve the old CA's certificate still", old)
	}
}

// servingOld are the replicas that have served one certificate alone.
func (s suite) servingOld(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(strings.Fields(s.Do(t, "get", "pods", "--namespace=pod-identity", "-o=name")), func(name string) bool {
		return strings.Count(s.Do(t, "logs", "--namespace=pod-identity", name), "serving a new certificate") > 1
	})
}

// emptiedBundle takes the trust away, as an over-eager tool would, and expects it back.
func emptiedBundle(t *testing.T, s suite) {
	want := s.bundle(t)
	s.Do(t, "patch", "mutatingwebhookconfiguration", "pod-identity", "--type=json", `--patch=[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`)
	s.Do(t, "wait", "mutatingwebhookconfiguration/pod-identity", "--for=jsonpath={.webhooks[0].clientConfig.caBundle}", "--timeout=2m")
	if got := s.bundle(t); got != want {
		t.Errorf("the bundle is another one: %s", got)
	}
}

func (s suite) bundle(t *testing.T) string {
	t.Helper()
	return s.Do(t, "get", "mutatingwebhookconfiguration", "pod-identity", "-o=jsonpath={.webhooks[0].clientConfig.caBundle}")
}
