package certmanager_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

// renewalTimeout is more than the kubelet takes to bring a changed Secret to a running pod: its period of a minute, and some.
const renewalTimeout = 4 * time.Minute

const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {serviceAccountName: reader, containers: [{name: app, image: app}]}"

// renewed asks for a renewal as cmctl does.
func renewed(t *testing.T, s suite) {
	if f := s.admit(t, func() { s.renew(t, "pod-identity-webhook") }); f.refused > 0 {
		t.Errorf("%d pods were refused", f.refused)
	}
}

// newCA counts, and does not demand, that no pod is refused: nothing keeps a replica from serving the new certificate a moment
// before the API server has heard of its CA.
func newCA(t *testing.T, s suite) {
	before := s.secret(t, "pod-identity-webhook-ca")
	s.renew(t, "pod-identity-webhook-ca")
	s.Do(t, "wait", "certificate", "--namespace=pod-identity", "pod-identity-webhook-ca", "--for=jsonpath={.status.revision}=2", "--timeout=3m")
	if s.secret(t, "pod-identity-webhook-ca") == before {
		t.Fatal("there is no new CA")
	}
	f := s.admit(t, func() { s.Do(t, "delete", "secret", "--namespace=pod-identity", "pod-identity-webhook-tls") })
	if f.last != nil {
		t.Errorf("with every replica serving the new certificate: %v", f.last)
	}
	bundle, err := base64.StdEncoding.DecodeString(s.Do(t, "get", "mutatingwebhookconfiguration", "pod-identity", "-o=jsonpath={.webhooks[0].clientConfig.caBundle}"))
	if err != nil {
		t.Fatal(err)
	}
	// The injector adds to what is trusted, which cert-manager did not always do.
	if trusted := bytes.Count(bundle, []byte("BEGIN CERTIFICATE")); trusted != 2 {
		t.Errorf("%d CAs are trusted", trusted)
	}
}

func (s suite) secret(t *testing.T, name string) string {
	t.Helper()
	return s.Do(t, "get", "secret", "--namespace=pod-identity", name, `-o=jsonpath={.data.tls\.crt}`)
}

func (s suite) renew(t *testing.T, certificate string) {
	t.Helper()
	s.Do(t, "patch", "certificate", "--namespace=pod-identity", certificate, "--subresource=status", "--type=json", fmt.Sprintf(
		`--patch=[{"op":"add","path":"/status/conditions/-","value":{"type":"Issuing","status":"True","reason":"ManuallyTriggered","message":"by a test","lastTransitionTime":%q}}]`,
		time.Now().UTC().Format(time.RFC3339)))
}

// figures are what became of pods while certificates changed.
type figures struct {
	admitted, refused int
	// last is what became of the last pod.
	last error
}

// admit makes a change, and then has pods admitted until every replica serves another certificate than before, and a few more.
func (s suite) admit(t *testing.T, change func()) figures {
	t.Helper()
	replicas := s.replicas(t)
	before := map[string]int{}
	for _, replica := range replicas {
		before[replica] = s.served(t, replica)
	}
	var f figures
	var first, final time.Duration
	begin := time.Now()
	change()
	for waiting := len(replicas); waiting > 0; {
		if time.Since(begin) > renewalTimeout {
			t.Fatalf("after %s, %d replicas serve the old certificate; the last pod: %v", renewalTimeout, waiting, f.last)
		}
		for range 10 {
			f.create(t, s)
			if f.last != nil && first == 0 {
				first = time.Since(begin)
			}
			if f.last != nil {
				final = time.Since(begin)
			}
		}
		waiting = 0
		for _, replica := range replicas {
			if s.served(t, replica) == before[replica] {
				waiting++
			}
		}
	}
	served := time.Since(begin)
	for range 10 {
		f.create(t, s)
	}
	t.Logf("every replica serves the new certificate after %s; %d pods admitted, %d refused, over %s",
		served.Round(time.Second), f.admitted, f.refused, (final - first).Round(time.Second))
	return f
}

// create has one pod admitted, and not kept.
func (f *figures) create(t *testing.T, s suite) {
	t.Helper()
	out, err := s.Cluster.Kubectl(t.Context(), strings.NewReader(pod), "create", "--dry-run=server", "--namespace="+namespace, "-o=jsonpath={.metadata.labels}", "-f", "-")
	if err == nil && !strings.Contains(out, "podidentity.dev/injected") {
		err = fmt.Errorf("admitted, but not injected: %s", out)
	}
	if f.last = err; err != nil {
		f.refused++
		return
	}
	f.admitted++
}

// served is how many certificates a replica has served.
func (s suite) served(t *testing.T, replica string) int {
	t.Helper()
	return strings.Count(s.Do(t, "logs", "--namespace=pod-identity", replica), "serving a new certificate")
}
