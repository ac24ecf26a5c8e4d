package certs

import (
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// twoEntries is a configuration as the manifests have it.
func twoEntries(name string) *admissionv1.MutatingWebhookConfiguration {
	entry := func(name string) admissionv1.MutatingWebhook {
		return admissionv1.MutatingWebhook{Name: name, AdmissionReviewVersions: []string{"v1"}, SideEffects: new(admissionv1.SideEffectClassNone)}
	}
	return &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks:   []admissionv1.MutatingWebhook{entry("enabled.podidentity.dev"), entry("associated.podidentity.dev")},
	}
}

// The API server is controller-runtime's fake; e2e has a real one.
func TestTheServerIsTrustedByThePublishedBundle(t *testing.T) {
	for name, test := range map[string]struct {
		target BundleTarget
		exists []client.Object
		fields int
		// missing tells that somebody else must create an object first.
		missing bool
	}{
		"in each entry of a webhook configuration":           {WebhookConfigurations{"one"}, []client.Object{twoEntries("one")}, 2, false},
		"in each entry of several":                           {WebhookConfigurations{"one", "two"}, []client.Object{twoEntries("one"), twoEntries("two")}, 4, false},
		"in those that exist, where one is missing":          {WebhookConfigurations{"missing", "two"}, []client.Object{twoEntries("two")}, 2, true},
		"in a ConfigMap, which is created":                   {ConfigMap{Namespace: "pod-identity", Name: "ca"}, nil, 1, false},
		"in a ConfigMap that has something else before that": {ConfigMap{Namespace: "pod-identity", Name: "ca"}, []client.Object{foreign()}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			api := fake.NewClientBuilder().WithObjects(test.exists...).Build()
			r := newRotator(Config{
				Secret: types.NamespacedName{Namespace: "pod-identity", Name: "ca-key"}, Target: test.target,
				DNSNames: names, CAValidity: year, LeafValidity: time.Hour,
			}, api)
			for range 3 { // the CA, the trust in it, the leaf
				reconcileOnce(t, r)
			}
			live, err := test.target.bundles(t.Context(), api)
			if apierrors.IsNotFound(err) != test.missing || client.IgnoreNotFound(err) != nil || len(live) != test.fields {
				t.Fatalf("%d bundles: %v", len(live), err)
			}
			leaf, err := r.Certificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, bundle := range live {
				if err := verify(leaf.Leaf, bundle, time.Now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func foreign() *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "pod-identity", Name: "ca"}, Data: map[string]string{"ca.crt": "garbage"}}
}

func TestWithoutAWebhookConfigurationTheRotatorWaits(t *testing.T) {
	api := fake.NewClientBuilder().Build()
	r := newRotator(Config{
		Secret: types.NamespacedName{Namespace: "pod-identity", Name: "ca-key"}, Target: WebhookConfigurations{"pod-identity"},
		DNSNames: names, CAValidity: year, LeafValidity: time.Hour,
	}, api)
	for range 3 {
		reconcileOnce(t, r)
	}
	if r.Ready(nil) == nil {
		t.Error("a certificate that nobody trusts is served")
	}
}

func reconcileOnce(t *testing.T, r *Rotator) {
	t.Helper()
	if _, err := r.Reconcile(t.Context(), reconcile.Request{}); err != nil {
		t.Fatal(err)
	}
}

func TestForeignConfigurationsAreNeitherCachedNorChanged(t *testing.T) {
	target := WebhookConfigurations{"one"}
	api := fake.NewClientBuilder().WithObjects(twoEntries("one"), twoEntries("other")).Build()
	if err := target.publish(t.Context(), api, []byte("bundle")); err != nil {
		t.Fatal(err)
	}
	_, narrowed := target.watched()
	for name, entries := range map[string]int{"one": 2, "other": 0} {
		var live admissionv1.MutatingWebhookConfiguration
		if err := api.Get(t.Context(), client.ObjectKey{Name: name}, &live); err != nil {
			t.Fatal(err)
		}
		for _, webhook := range live.Webhooks {
			if published := string(webhook.ClientConfig.CABundle) == "bundle"; published != (entries > 0) {
				t.Errorf("%s of %s trusts %q", webhook.Name, name, webhook.ClientConfig.CABundle)
			}
		}
		kept, err := narrowed.Transform(&live)
		if err != nil {
			t.Fatal(err)
		}
		if of := kept.(*admissionv1.MutatingWebhookConfiguration); of.Name != name || len(of.Webhooks) != entries {
			t.Errorf("of %s are kept %d entries", name, len(of.Webhooks))
		}
	}
}
