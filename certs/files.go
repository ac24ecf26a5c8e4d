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
)

// Files serves a certificate that somebody else keeps, such as cert-manager, from a folder that has the keys of a TLS Secret
// as files. Who keeps it has callers trust it, too.
type Files struct {
	dir     string
	log     logrus.FieldLogger
	watcher atomic.Pointer[certwatcher.CertWatcher]
}

// NewFiles returns the certificate of the folder, which is read only when the manager starts.
func NewFiles(dir string, log logrus.FieldLogger) *Files {
	return &Files{dir: dir, log: log.WithField("folder", dir)}
}

// SetupWithManager watches the folder on every replica.
func (f *Files) SetupWithManager(mgr manager.Manager) error {
	if err := mgr.Add(f); err != nil {
		return fmt.Errorf("set up the watch of %s: %w", f.dir, err)
	}
	return nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica serves.
func (f *Files) NeedLeaderElection() bool { return false }

// retry is the time between two looks at a folder that has no usable certificate yet.
const retry = 2 * time.Second

// Start implements manager.Runnable: it follows the files until ctx ends. A certificate that cannot be used is waited for, and
// the one before it is kept.
func (f *Files) Start(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := f.follow(ctx); err != nil {
			f.log.WithError(err).Warn("no usable certificate: waiting for one")
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return nil
}

// follow ends at once when the files cannot be read, as a certwatcher does.
func (f *Files) follow(ctx context.Context) error {
	watcher, err := certwatcher.New(filepath.Join(f.dir, corev1.TLSCertKey), filepath.Join(f.dir, corev1.TLSPrivateKeyKey))
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	f.watcher.Store(watcher)
	// It is called at once, too.
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
	return unexpired(leaf.Leaf)
}

// Expiry is when the certificate in use ends, and that of its CA where the folder has it.
func (f *Files) Expiry() Expiry {
	leaf, err := f.Certificate(nil)
	if err != nil {
		return Expiry{}
	}
	expiry := Expiry{Leaf: leaf.Leaf.NotAfter}
	if ca := f.signer(leaf.Leaf); ca != nil {
		expiry.CA = ca.NotAfter
	}
	return expiry
}

// signer is the CA of the leaf, where the folder has it.
func (f *Files) signer(leaf *x509.Certificate) *x509.Certificate {
	text, err := os.ReadFile(filepath.Join(f.dir, bundleKey))
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
