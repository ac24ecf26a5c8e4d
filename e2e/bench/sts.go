package bench

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/podidentity/podidentity/e2e/machine/pki"
)

// publicCAs are added to what the sidecars trust, since in a pod they read and search these.
const publicCAs = "/etc/ssl/certs/ca-certificates.crt"

// sts stands in for AWS STS, which no benchmark may call: it gives credentials to everybody, over TLS, with answers as long as
// real ones.
type sts struct {
	*httptest.Server
	// bundle is a file of the CAs by which it is trusted.
	bundle string
}

// startSTS starts one on the loopback interface; its bundle lies in dir.
func startSTS(dir string) (*sts, error) {
	ca, err := pki.NewCA("fake STS")
	if err != nil {
		return nil, err
	}
	pair, err := ca.Issue(pki.Identity{CommonName: "fake STS", Hosts: []string{"127.0.0.1"}})
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		return nil, fmt.Errorf("use the certificate of the fake STS: %w", err)
	}
	public, err := os.ReadFile(publicCAs)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the public CAs: %w", err)
	}
	s := &sts{httptest.NewUnstartedServer(http.HandlerFunc(give)), filepath.Join(dir, "ca.crt")}
	if err := os.WriteFile(s.bundle, append(public, ca.Certificate...), 0o600); err != nil {
		return nil, fmt.Errorf("write the CAs: %w", err)
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	return s, nil
}

// give answers AssumeRoleWithWebIdentity.
func give(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	// A client that has gone away does not matter.
	_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<SubjectFromWebIdentityToken>system:serviceaccount:bench:reader</SubjectFromWebIdentityToken><Audience>sts.amazonaws.com</Audience>
<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/reader/bench</Arn><AssumedRoleId>AROAFAKE:bench</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAFAKEFAKEFAKEFAKE</AccessKeyId><SecretAccessKey>%040d</SecretAccessKey><SessionToken>%0900d</SessionToken>
<Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
<ResponseMetadata><RequestId>fake</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`,
		0, 0, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}
