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

// Config says what certificates are made, and where their CA is kept and published. All fields are required.
type Config struct {
	// Secret holds the CA, its key included. The rotator creates it.
	Secret types.NamespacedName
	// Target is where the CA bundle is published for the callers of the server.
	Target BundleTarget
	// Propagation is how long it may take until all callers use a bundle that this process sees published.
	Propagation time.Duration
	// DNSNames of the server, the first as its common name.
	DNSNames []string
	// CAValidity and LeafValidity are how long the two certificates are valid; each is replaced with a third of that left.
	CAValidity, LeafValidity time.Duration
}

// Rotator keeps the CA in its Secret, its bundle published, and one leaf in memory. Every replica runs one and none leads:
// whichever is first writes, the others read.
type Rotator struct {
	config Config
	client client.Client
	log    logrus.FieldLogger
	leaf   atomic.Pointer[tls.Certificate]
	// issuer is the CA of the leaf.
	issuer atomic.Pointer[x509.Certificate]
	// published is the CA of the Secret, and since when this replica has seen it published.
	published struct {
		ca    *x509.Certificate
		since time.Time
	}
}

// NewRotator returns a rotator that has no certificate until it is set up with a manager.
func NewRotator(config Config, log logrus.FieldLogger) *Rotator {
	return &Rotator{config: config, log: log}
}

// resyncPeriod bounds the time to the next step: timers stand still while a node is suspended.
const resyncPeriod = time.Hour

// Reconcile ensures a valid CA, then its publication, then a leaf of it. A write ends the reconciliation, and its event
// begins the next.
func (r *Rotator) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	return r.step(ctx, time.Now())
}

func (r *Rotator) step(ctx context.Context, now time.Time) (reconcile.Result, error) {
	ca, ready, err := r.ensureCA(ctx, now)
	if err != nil || !ready {
		return reconcile.Result{}, err
	}
	published, err := r.ensurePublished(ctx, ca, now)
	if err != nil || !published {
		return reconcile.Result{}, err
	}
	if left := r.propagationLeft(ca.authority, now); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	leaf, err := r.ensureLeaf(ca.authority, now)
	if err != nil {
		return reconcile.Result{}, err
	}
	next := min(renewalTime(leaf.Leaf).Sub(now), renewalTime(ca.authority.certificate).Sub(now), resyncPeriod)
	return reconcile.Result{RequeueAfter: max(next, time.Second)}, nil
}

// ensureCA returns the CA when the Secret, as this replica sees it, holds a valid one; otherwise it writes a new one.
func (r *Rotator) ensureCA(ctx context.Context, now time.Time) (ca caSecret, ready bool, err error) {
	var secret corev1.Secret
	err = r.client.Get(ctx, r.config.Secret, &secret)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return caSecret{}, false, fmt.Errorf("read the Secret of the CA: %w", err)
	}
	ca, problem := parseSecret(&secret, now)
	if problem == nil {
		return ca, true, nil
	}
	if ca, err = ca.renewed(now, r.config.CAValidity); err != nil {
		return caSecret{}, false, err
	}
	if err := ca.writeTo(&secret); err != nil {
		return caSecret{}, false, err
	}
	if missing {
		secret.Namespace, secret.Name = r.config.Secret.Namespace, r.config.Secret.Name
		err = r.client.Create(ctx, &secret, client.FieldOwner(contract.FieldManager))
	} else {
		err = r.client.Update(ctx, &secret, client.FieldOwner(contract.FieldManager))
	}
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		// Another replica was first; its write comes as an event.
		return caSecret{}, false, nil
	}
	if err != nil {
		return caSecret{}, false, fmt.Errorf("write the Secret of the CA: %w", err)
	}
	r.log.WithFields(logrus.Fields{"reason": problem.Error(), "notAfter": ca.authority.certificate.NotAfter}).Info("made a CA")
	return caSecret{}, false, nil
}

// ensurePublished reports whether the bundle of the CA is published; otherwise it publishes the bundle.
func (r *Rotator) ensurePublished(ctx context.Context, ca caSecret, now time.Time) (published bool, err error) {
	live, err := r.config.Target.bundles(ctx, r.client)
	if apierrors.IsNotFound(err) {
		// The creation of the object comes as an event.
		r.log.WithError(err).Warn("the CA cannot be published everywhere")
	} else if err != nil {
		return false, err
	}
	if len(live) == 0 {
		return false, nil
	}
	bundle := ca.bundle(append(publishedCAs(live, now), r.servedCA(now)...)...)
	if isPublished(live, bundle) {
		return true, nil
	}
	if err := r.config.Target.publish(ctx, r.client, bundle); err != nil {
		return false, err
	}
	r.log.WithField("certificates", len(decodeCertificates(bundle))).Info("published the CA")
	return false, nil
}

// servedCA is the CA of the leaf that this replica serves: where both the Secret and the bundle were lost, nobody else knows it.
func (r *Rotator) servedCA(now time.Time) []*x509.Certificate {
	if ca := r.issuer.Load(); ca != nil && now.Before(ca.NotAfter) {
		return []*x509.Certificate{ca}
	}
	return nil
}

// propagationLeft is how long the leaf in use, if it has not expired, is to be kept: every caller should trust the new CA before
// one meets a leaf of it.
func (r *Rotator) propagationLeft(ca authority, now time.Time) time.Duration {
	if r.published.ca == nil || !r.published.ca.Equal(ca.certificate) {
		r.published.ca, r.published.since = ca.certificate, now
	}
	leaf := r.leaf.Load()
	if leaf == nil || !now.Before(leaf.Leaf.NotAfter) || ca.signed(leaf.Leaf) {
		return 0
	}
	return r.config.Propagation - now.Sub(r.published.since)
}

// ensureLeaf returns the leaf in use, or serves a new one where that is due to be replaced or of another CA.
func (r *Rotator) ensureLeaf(ca authority, now time.Time) (*tls.Certificate, error) {
	if leaf := r.leaf.Load(); leaf != nil && !needsRenewal(leaf.Leaf, now) && ca.signed(leaf.Leaf) {
		return leaf, nil
	}
	leaf, err := ca.leaf(now, r.config.DNSNames, r.config.LeafValidity)
	if err != nil {
		return nil, err
	}
	r.issuer.Store(ca.certificate)
	r.leaf.Store(leaf)
	r.log.WithField("notAfter", leaf.Leaf.NotAfter).Info("serving a new certificate")
	return leaf, nil
}
