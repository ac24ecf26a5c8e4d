package chaos_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/machine/pki"
)

// loadAlone is how much the load does by itself.
func loadAlone(t *testing.T, s *suite) { s.admits(t, 100) }

// renewLeaf waits until each replica has another certificate than before.
func renewLeaf(t *testing.T, s *suite) {
	before := s.served(t)
	s.await(t, "another certificate in each replica", func(context.Context) (bool, error) {
		for address, certificate := range s.served(t) {
			if old, known := before[address]; known && old.Equal(certificate) {
				return false, nil
			}
		}
		return true, nil
	})
}

func deleteCA(t *testing.T, s *suite) {
	before := s.secretCA(t)
	s.Do(t, "delete", "secret", "--namespace=pod-identity", "pod-identity-ca")
	s.awaitAnotherCA(t, before)
}

func damageCA(t *testing.T, s *suite) {
	before := s.secretCA(t)
	s.Do(t, "patch", "secret", "--namespace=pod-identity", "pod-identity-ca", "--type=merge", `--patch={"data": {"tls.key": "Z2FyYmFnZQ=="}}`)
	s.awaitAnotherCA(t, before)
}

// awaitAnotherCA waits until every replica serves a certificate of another CA than before.
func (s *suite) awaitAnotherCA(t *testing.T, before string) {
	t.Helper()
	s.await(t, "a certificate of the new CA in each replica", func(context.Context) (bool, error) {
		now := s.secretCA(t)
		if now == "" || now == before {
			return false, nil
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(now))
		for _, certificate := range s.served(t) {
			if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots}); err != nil {
				return false, nil //nolint:nilerr // of the old one still
			}
		}
		return true, nil
	})
}

// secretCA is the CA in the Secret, or "".
func (s *suite) secretCA(t *testing.T) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(s.Do(t, "get", "secret", "--namespace=pod-identity", "pod-identity-ca", "--ignore-not-found", `--output=jsonpath={.data.tls\.crt}`))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// served are the certificates of all replicas, by their addresses.
func (s *suite) served(t *testing.T) map[string]*x509.Certificate {
	t.Helper()
	all := map[string]*x509.Certificate{}
	for _, ip := range strings.Fields(s.Do(t, "get", "pods", "--namespace=pod-identity", webhook, "--output=jsonpath={.items[*].status.podIP}")) {
		address := net.JoinHostPort(ip, "9443")
		certificate, err := s.handshake(t.Context(), address)
		if err != nil {
			t.Logf("%s: %v", address, err) // one that starts or stops
			continue
		}
		all[address] = certificate
	}
	return all
}

func (s *suite) handshake(ctx context.Context, address string) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	raw, err := s.Cluster.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// It is looked at, not trusted.
	connection := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
	defer func() { _ = connection.Close() }() // nothing was sent
	if err := connection.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	certificates := connection.ConnectionState().PeerCertificates
	if len(certificates) == 0 {
		return nil, errors.New("no certificate")
	}
	return certificates[0], nil
}

// configurations are those by which API servers call the webhook, with their files.
func configurations() map[string]string {
	return map[string]string{"pod-identity": "webhook.yaml", "pod-identity-standby": "webhook-standby.yaml"}
}

func emptyBundle(t *testing.T, s *suite) {
	for configuration := range configurations() {
		s.damageBundles(t, configuration, func(n int) string {
			return fmt.Sprintf(`{"op": "remove", "path": "/webhooks/%d/clientConfig/caBundle"}`, n)
		})
	}
}

func foreignBundle(t *testing.T, s *suite) {
	foreign, err := pki.NewCA("somebody-else")
	if err != nil {
		t.Fatal(err)
	}
	bundle := base64.StdEncoding.EncodeToString(foreign.Certificate)
	for configuration := range configurations() {
		s.damageBundles(t, configuration, func(n int) string {
			return fmt.Sprintf(`{"op": "replace", "path": "/webhooks/%d/clientConfig/caBundle", "value": %q}`, n, bundle)
		})
	}
}

// damageBundles does something to all entries of a configuration, at once, and waits until they are as they were.
func (s *suite) damageBundles(t *testing.T, configuration string, damage func(entry int) string) {
	t.Helper()
	want := s.bundles(t, configuration)
	var operations []string
	for entry := range strings.Fields(want) {
		operations = append(operations, damage(entry))
	}
	s.Do(t, "patch", "mutatingwebhookconfiguration", configuration, "--type=json", "--patch=["+strings.Join(operations, ",")+"]")
	s.await(t, "the right caBundles", func(context.Context) (bool, error) { return s.bundles(t, configuration) == want, nil })
}

func (s *suite) bundles(t *testing.T, configuration string) string {
	t.Helper()
	return s.Do(t, "get", "mutatingwebhookconfiguration", configuration, "--output=jsonpath={.webhooks[*].clientConfig.caBundle}")
}

func deleteConfiguration(t *testing.T, s *suite) {
	for configuration, file := range configurations() {
		want := s.bundles(t, configuration)
		s.Do(t, "delete", "mutatingwebhookconfiguration", configuration)
		s.Do(t, "apply", "-f", "../../../manifests/base/"+file)
		s.await(t, "the right caBundles", func(context.Context) (bool, error) { return s.bundles(t, configuration) == want, nil })
	}
}

// await waits for something that takes five minutes at most.
func (s *suite) await(t *testing.T, what string, holds wait.ConditionWithContextFunc) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 5*time.Minute, true, holds); err != nil {
		t.Fatalf("timed out waiting for %s: %v", what, err)
	}
}
