// Package certs gives our servers TLS certificates that their callers trust before the first one is served.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/podidentity/podidentity/contract"
)

// Config says for whom certificates are made. All fields are required.
type Config struct {
	// Secret holds the CA, its key included. The rotator creates it.
	Secret types.NamespacedName
	// Trust is where the callers of the server learn to trust the CA.
	Trust Trust
	// Propagation is how long all callers may take to see there what this process sees already.
	Propagation time.Duration
	// DNSNames of the server, the first as its common name.
	DNSNames []string
	// CAValidity and LeafValidity are the lives of the two certificates; each is replaced with a third of it left.
	CAValidity, LeafValidity time.Duration
}

// Rotator keeps the CA in its Secret, the trust in it published, and one leaf in memory. Every replica runs one and none
// leads: who comes first writes, the others read.
type Rotator struct {
	config Config
	client client.Client
	log    logrus.FieldLogger
	leaf   atomic.Pointer[tls.Certificate]
	// signer is the CA of the leaf.
	signer atomic.Pointer[x509.Certificate]
	// trusted is since when this replica has seen the CA trusted.
	trusted struct {
		ca    *x509.Certificate
		since time.Time
	}
}

// NewRotator returns a rotator that has no certificate until it is set up with a manager.
func NewRotator(config Config, log logrus.FieldLogger) *Rotator {
	return &Rotator{config: config, log: log}
}

// recheck bounds the time to the next look: timers stand still while a node is suspended.
const recheck = time.Hour

// Reconcile takes one step: a valid CA, then trust in it, then a leaf of it. Each step that writes ends the pass, and the
// event of the write begins the next.
func (r *Rotator) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	return r.step(ctx, time.Now())
}

func (r *Rotator) step(ctx context.Context, now time.Time) (reconcile.Result, error) {
	ca, ready, err := r.ensureCA(ctx, now)
	if err != nil || !ready {
		return reconcile.Result{}, err
	}
	published, err := r.ensureTrust(ctx, ca, now)
	if err != nil || !published {
		return reconcile.Result{}, err
	}
	if left := r.unsettled(ca.authority, now); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	leaf, err := r.ensureLeaf(ca.authority, now)
	if err != nil {
		return reconcile.Result{}, err
	}
	next := min(due(leaf.Leaf).Sub(now), due(ca.authority.certificate).Sub(now), recheck)
	return reconcile.Result{RequeueAfter: max(next, time.Second)}, nil
}

// ensureCA returns the store when the Secret, as this replica sees it, holds a valid one; otherwise it writes one.
func (r *Rotator) ensureCA(ctx context.Context, now time.Time) (ca store, ready bool, err error) {
	var secret corev1.Secret
	err = r.client.Get(ctx, r.config.Secret, &secret)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return store{}, false, fmt.Errorf("read the Secret of the CA: %w", err)
	}
	ca, problem := readStore(&secret, now)
	if problem == nil {
		return ca, true, nil
	}
	if ca, err = ca.renewed(now, r.config.CAValidity); err != nil {
		return store{}, false, err
	}
	if err := ca.write(&secret); err != nil {
		return store{}, false, err
	}
	if missing {
		secret.Namespace, secret.Name = r.config.Secret.Namespace, r.config.Secret.Name
		err = r.client.Create(ctx, &secret, client.FieldOwner(contract.FieldManager))
	} else {
		err = r.client.Update(ctx, &secret, client.FieldOwner(contract.FieldManager))
	}
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		// Another replica was first; its write comes as an event.
		return store{}, false, nil
	}
	if err != nil {
		return store{}, false, fmt.Errorf("write the Secret of the CA: %w", err)
	}
	r.log.WithFields(logrus.Fields{"reason": problem.Error(), "notAfter": ca.authority.certificate.NotAfter}).Info("made a CA")
	return store{}, false, nil
}

// ensureTrust tells whether the callers are told to trust the CA; otherwise it tells them.
func (r *Rotator) ensureTrust(ctx context.Context, ca store, now time.Time) (published bool, err error) {
	live, err := r.config.Trust.bundles(ctx, r.client)
	if apierrors.IsNotFound(err) {
		// The creation of the object comes as an event.
		r.log.WithError(err).Warn("the CA cannot be published everywhere")
	} else if err != nil {
		return false, err
	}
	if len(live) == 0 {
		return false, nil
	}
	bundle := ca.bundle(append(ourCAs(live, now), r.inUse(now)...)...)
	if trusts(live, bundle) {
		return true, nil
	}
	if err := r.config.Trust.publish(ctx, r.client, bundle); err != nil {
		return false, err
	}
	r.log.WithField("certificates", len(decodeCertificates(bundle))).Info("published the CA")
	return false, nil
}

// inUse is the CA of the leaf that this replica serves: where both the Secret and the bundle were lost, nobody else knows it.
func (r *Rotator) inUse(now time.Time) []*x509.Certificate {
	if ca := r.signer.Load(); ca != nil && now.Before(ca.NotAfter) {
		return []*x509.Certificate{ca}
	}
	return nil
}

// unsettled is how long the leaf in use, if it still serves, is to be kept: every caller should have seen that the new CA
// is trusted before one meets a leaf of it.
func (r *Rotator) unsettled(ca authority, now time.Time) time.Duration {
	if r.trusted.ca == nil || !r.trusted.ca.Equal(ca.certificate) {
		r.trusted.ca, r.trusted.since = ca.certificate, now
	}
	leaf := r.leaf.Load()
	if leaf == nil || !now.Before(leaf.Leaf.NotAfter) || ca.signed(leaf.Leaf) {
		return 0
	}
	return r.config.Propagation - now.Sub(r.trusted.since)
}

// ensureLeaf returns the leaf in use, a new one where it is due or of another CA.
func (r *Rotator) ensureLeaf(ca authority, now time.Time) (*tls.Certificate, error) {
	if leaf := r.leaf.Load(); leaf != nil && current(leaf.Leaf, now) && ca.signed(leaf.Leaf) {
		return leaf, nil
	}
	leaf, err := ca.leaf(now, r.config.DNSNames, r.config.LeafValidity)
	if err != nil {
		return nil, err
	}
	r.signer.Store(ca.certificate)
	r.leaf.Store(leaf)
	r.log.WithField("notAfter", leaf.Leaf.NotAfter).Info("serving a new certificate")
	return leaf, nil
}
