package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/podidentity/podidentity/contract"
)

// Files serves a certificate that somebody else maintains, such as cert-manager, from a directory that has the keys of a TLS
// Secret as files. Whoever maintains the files must also make callers trust them.
type Files struct {
	dir     string
	log     logrus.FieldLogger
	watcher atomic.Pointer[certwatcher.CertWatcher]
}

// NewFiles returns the certificate of the directory, which is not read before the manager starts.
func NewFiles(dir string, log logrus.FieldLogger) *Files {
	return &Files{dir: dir, log: log.WithField("directory", dir)}
}

// SetupWithManager watches the directory on every replica.
func (f *Files) SetupWithManager(mgr manager.Manager) error {
	if err := mgr.Add(f); err != nil {
		return fmt.Errorf("set up the watch of %s: %w", f.dir, err)
	}
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica serves.
func (f *Files) NeedLeaderElection() bool { return false }

// retryInterval is the time between two attempts to read a directory that has no usable certificate yet.
const retryInterval = 2 * time.Second

// Start implements manager.Runnable: it watches the files until ctx is done. While they are unusable, the certificate before
// them is kept.
func (f *Files) Start(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := f.watch(ctx); err != nil {
			f.log.WithError(err).Warn("no usable certificate: waiting for one")
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryInterval):
		}
	}
	return nil
}

// watch fails at once when the files cannot be read, as a certwatcher does.
func (f *Files) watch(ctx context.Context) error {
	watcher, err := certwatcher.New(filepath.Join(f.dir, corev1.TLSCertKey), filepath.Join(f.dir, corev1.TLSPrivateKeyKey))
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	f.watcher.Store(watcher)
	// It is also called at once.
	watcher.RegisterCallback(func(certificate tls.Certificate) {
		f.log.WithField("notAfter", certificate.Leaf.NotAfter).Info("serving a new certificate")
	})
	return watcher.Start(ctx)
}

// Certificate is the tls.Config.GetCertificate of a server.
func (f *Files) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if watcher := f.watcher.Load(); watcher != nil {
		return watcher.GetCertificate(hello)
	}
	return nil, fmt.Errorf("no certificate yet: %s has no usable tls.crt and tls.key", f.dir)
}

// Ready is a healthz.Checker: it fails until there is a certificate, and when that has expired.
func (f *Files) Ready(*http.Request) error {
	leaf, err := f.Certificate(nil)
	if err != nil {
		return err
	}
	return checkExpiry(leaf.Leaf)
}

// Expiry is when the certificate in use ends, and its CA where the directory has that.
func (f *Files) Expiry() Expiry {
	leaf, err := f.Certificate(nil)
	if err != nil {
		return Expiry{}
	}
	expiry := Expiry{Leaf: leaf.Leaf.NotAfter}
	if ca := f.issuerOf(leaf.Leaf); ca != nil {
		expiry.CA = ca.NotAfter
	}
	return expiry
}

// issuerOf is the CA of the leaf, where the directory has it.
func (f *Files) issuerOf(leaf *x509.Certificate) *x509.Certificate {
	text, err := os.ReadFile(filepath.Join(f.dir, contract.CABundleKey))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.log.WithError(err).Warn("the CA cannot be read: its expiry is not known")
	}
	for _, ca := range decodeCertificates(text) {
		if leaf.CheckSignatureFrom(ca) == nil {
			return ca
		}
	}
	return nil
}
