package certs

import (
	"context"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// fleet is a server of two replicas, and an administrator.
type fleet struct {
	t        *testing.T
	api      client.Client
	config   Config
	now      time.Time
	replicas []*Rotator
	// forbidden tells that the replicas may not publish.
	forbidden bool
}

func newFleet(t *testing.T, target BundleTarget, propagation time.Duration) *fleet {
	t.Helper()
	f := &fleet{t: t, now: time.Now()}
	f.api = interceptor.NewClient(fake.NewClientBuilder().WithObjects(twoEntries("one"), twoEntries("two")).Build(), interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, object runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			if f.forbidden {
				return apierrors.NewForbidden(schema.GroupResource{}, "one", nil)
			}
			return c.Apply(ctx, object, options...)
		},
	})
	f.config = Config{
		Secret: types.NamespacedName{Namespace: namespace, Name: "ca-key"}, Target: target, Propagation: propagation,
		DNSNames: names, CAValidity: year, LeafValidity: week,
	}
	f.restart()
	return f
}

// pass lets the replicas do what they do in that time.
func (f *fleet) pass(period time.Duration) {
	f.t.Helper()
	f.now = f.now.Add(period)
	for range 4 {
		for _, r := range f.replicas {
			if _, err := r.step(f.t.Context(), f.now); err != nil && (!f.forbidden || !apierrors.IsForbidden(err)) {
				f.t.Fatal(err)
			}
		}
	}
}

func (f *fleet) restart() {
	f.replicas = []*Rotator{newRotator(f.config, f.api), newRotator(f.config, f.api)}
	f.pass(0)
}

func (f *fleet) deleteSecret() {
	f.t.Helper()
	if err := f.api.Delete(f.t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "ca-key"}}); err != nil {
		f.t.Fatal(err)
	}
}

// withdraw removes from the bundles what the Secret does not have: it overwrites those of webhooks, one configuration after the
// other, and deletes a ConfigMap.
func (f *fleet) withdraw() {
	f.t.Helper()
	if m, ok := f.config.Target.(ConfigMap); ok {
		if err := f.api.Delete(f.t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name}}); err != nil {
			f.t.Fatal(err)
		}
		return
	}
	for _, name := range f.config.Target.(WebhookConfigurations) {
		var live admissionv1.MutatingWebhookConfiguration
		if err := f.api.Get(f.t.Context(), client.ObjectKey{Name: name}, &live); err != nil {
			f.t.Fatal(err)
		}
		for i := range live.Webhooks {
			live.Webhooks[i].ClientConfig.CABundle = encodeCertificates(f.ca().trusted...)
		}
		if err := f.api.Update(f.t.Context(), &live); err != nil {
			f.t.Fatal(err)
		}
		f.pass(0)
	}
}

func (f *fleet) ca() caSecret {
	f.t.Helper()
	var secret corev1.Secret
	if err := f.api.Get(f.t.Context(), f.config.Secret, &secret); err != nil {
		f.t.Fatal(err)
	}
	ca, err := parseSecret(&secret, f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	return ca
}

// trusted are the CAs that callers trust; all bundles must agree, and trust what the replicas serve.
func (f *fleet) trusted() []*x509.Certificate {
	f.t.Helper()
	live, err := f.config.Target.bundles(f.t.Context(), f.api)
	if err != nil || !isPublished(live, live[0]) {
		f.t.Fatalf("the bundles differ: %v", err)
	}
	for _, r := range f.replicas {
		if err := verify(r.leaf.Load().Leaf, live[0], f.now); err != nil {
			f.t.Error(err)
		}
	}
	return decodeCertificates(live[0])
}

// The steps are those of docs/security.md.
func TestARevokedCAIsTrustedNoLonger(t *testing.T) {
	for name, test := range map[string]struct {
		target      BundleTarget
		propagation time.Duration
		restart     bool
		forbid      bool
		trusted     int
	}{
		"of the webhook":      {WebhookConfigurations{"one", "two"}, propagation, true, true, 1},
		"of the auth service": {ConfigMap{Namespace: namespace, Name: "ca"}, time.Hour, true, false, 1},
		"while the webhook may publish, it carries the CA over from the other configuration": {WebhookConfigurations{"one", "two"}, propagation, true, false, 2},
		"without a restart, replicas that serve its certificates have it trusted again":      {ConfigMap{Namespace: namespace, Name: "ca"}, time.Hour, false, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, test.target, test.propagation)
			revoked := f.ca().authority
			f.deleteSecret()
			f.pass(0)
			if len(f.trusted()) != 2 {
				t.Errorf("%d CAs are trusted when there is a new one", len(f.trusted()))
			}
			f.pass(2 * time.Minute)
			if test.restart {
				f.restart()
			}
			f.forbidden = test.forbid
			f.withdraw()
			f.forbidden = false
			f.pass(time.Second)
			for _, later := range []time.Duration{0, 24 * time.Hour} {
				f.pass(later)
				trusted := f.trusted()
				if len(trusted) != test.trusted || !trusted[0].Equal(f.ca().authority.certificate) {
					t.Errorf("%d CAs are trusted", len(trusted))
				}
				if slices.ContainsFunc(trusted, revoked.certificate.Equal) != (test.trusted > 1) {
					t.Error("the revoked CA is trusted, or another one")
				}
			}
		})
	}
}
