package main

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/webhook/config"
)

// fakeCertificates end when the test says so.
type fakeCertificates certs.Expiry

func (f fakeCertificates) Expiry() certs.Expiry                 { return certs.Expiry(f) }
func (fakeCertificates) Ready(*http.Request) error              { return nil }
func (fakeCertificates) SetupWithManager(manager.Manager) error { return nil }
func (fakeCertificates) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, errors.New("there is none")
}

func TestTheExpiryOfCertificatesIsMeasured(t *testing.T) {
	const head = `# HELP podidentity_certificate_expiration_timestamp_seconds When the certificate of the admission server (leaf) and that of its CA (ca) end, in Unix seconds.
# TYPE podidentity_certificate_expiration_timestamp_seconds gauge
`
	for name, test := range map[string]struct {
		expiry certs.Expiry
		want   string
	}{
		"both":                           {certs.Expiry{Leaf: time.Unix(1000, 0), CA: time.Unix(2000, 0)}, head + `podidentity_certificate_expiration_timestamp_seconds{certificate="ca"} 2000` + "\n" + `podidentity_certificate_expiration_timestamp_seconds{certificate="leaf"} 1000` + "\n"},
		"a CA that is not known is left": {certs.Expiry{Leaf: time.Unix(1000, 0)}, head + `podidentity_certificate_expiration_timestamp_seconds{certificate="leaf"} 1000` + "\n"},
		"before there are any":           {certs.Expiry{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			registry := prometheus.NewPedanticRegistry()
			if err := registerExpiry(registry, fakeCertificates(test.expiry)); err != nil {
				t.Fatal(err)
			}
			if err := testutil.GatherAndCompare(registry, strings.NewReader(test.want)); err != nil {
				t.Error(err)
			}
			if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
				t.Errorf("%v %v", problems, err)
			}
		})
	}
}

func TestWithADirectoryOfCertificatesNothingOfOurOwnRotationIsSetUp(t *testing.T) {
	log, _ := logrustest.NewNullLogger()
	own, files := config.Default(), config.Default()
	files.CertificateDir = t.TempDir()
	if _, ok := newCertificates(own, certs.Config{}, log).(*certs.Rotator); !ok {
		t.Error("without a directory, the rotation is not set up")
	}
	if _, ok := newCertificates(files, certs.Config{}, log).(*certs.Files); !ok {
		t.Error("with a directory, the rotation is set up")
	}
	rotation := certs.Config{Target: certs.WebhookConfigurations{"pod-identity"}}
	for object := range certs.Watched(rotation) {
		for watched := range watched(files, rotation) {
			if reflect.TypeOf(object) == reflect.TypeOf(watched) {
				t.Errorf("%T is watched", object)
			}
		}
	}
}

func TestTheServerSpeaksTLS13Alone(t *testing.T) {
	options := tlsConfig(fakeCertificates{})
	for name, test := range map[string]struct {
		newest uint16
		says   string
	}{
		"1.2 is refused": {tls.VersionTLS12, "protocol version"},
		"1.3 is not, and fails for want of a certificate": {tls.VersionTLS13, "internal error"},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			go func() {
				_ = tls.Server(server, options).HandshakeContext(t.Context()) // the client tells how it went
				_ = server.Close()
			}()
			err := tls.Client(client, &tls.Config{MaxVersion: test.newest, ServerName: "x"}).HandshakeContext(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}
