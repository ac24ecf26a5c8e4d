package certs

import (
	"context"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

const (
	namespace = "pod-identity"
	secret    = "pod-identity-ca"
	webhooks  = "pod-identity"
	week      = 7 * 24 * time.Hour
)

// cluster holds the two objects in controller-runtime's fake of an API server, which knows conflicts and server-side apply.
// e2e/suites/injection has a real one.
type cluster struct {
	t   *testing.T
	now time.Time
	client.Client
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	configuration := &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: webhooks}}
	for _, name := range []string{"enabled.podidentity.dev", "unknown.podidentity.dev"} {
		configuration.Webhooks = append(configuration.Webhooks, admissionv1.MutatingWebhook{Name: name})
	}
	return &cluster{t: t, now: time.Now(), Client: fake.NewClientBuilder().WithObjects(configuration).Build()}
}

func (c *cluster) secret() *corev1.Secret {
	c.t.Helper()
	var live corev1.Secret
	err := c.Get(c.t.Context(), types.NamespacedName{Namespace: namespace, Name: secret}, &live)
	if client.IgnoreNotFound(err) != nil {
		c.t.Fatal(err)
	}
	return &live
}

func (c *cluster) configuration() *admissionv1.MutatingWebhookConfiguration {
	c.t.Helper()
	var live admissionv1.MutatingWebhookConfiguration
	if err := c.Get(c.t.Context(), types.NamespacedName{Name: webhooks}, &live); err != nil {
		c.t.Fatal(err)
	}
	return &live
}

// setBundle overwrites the caBundle of a webhook, as another writer may.
func (c *cluster) setBundle(entry int, bundle []byte) {
	c.t.Helper()
	live := c.configuration()
	live.Webhooks[entry].ClientConfig.CABundle = bundle
	if err := c.Update(c.t.Context(), live); err != nil {
		c.t.Fatal(err)
	}
}

// setSecret changes the Secret, as another writer may. Where there is none, nothing happens.
func (c *cluster) setSecret(change func(map[string][]byte)) {
	c.t.Helper()
	live := c.secret()
	if live.Name == "" {
		return
	}
	change(live.Data)
	if err := c.Update(c.t.Context(), live); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) deleteSecret() {
	c.t.Helper()
	if err := client.IgnoreNotFound(c.Delete(c.t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: secret}})); err != nil {
		c.t.Fatal(err)
	}
}

// replica is a rotator with a cache of its own, which sees each object as it was when it was last synced.
type replica struct {
	*Rotator
	client.Client
	cluster       *cluster
	secret        *corev1.Secret
	configuration *admissionv1.MutatingWebhookConfiguration
}

// propagation is how long it may take until callers use a bundle that a replica sees published.
const propagation = 30 * time.Second

func (c *cluster) start() *replica {
	c.t.Helper()
	r := &replica{Client: c.Client, cluster: c}
	r.Rotator = newRotator(Config{
		Secret: types.NamespacedName{Namespace: namespace, Name: secret}, Target: WebhookConfigurations{webhooks}, Propagation: propagation,
		DNSNames: names, CAValidity: year, LeafValidity: week,
	}, r)
	r.syncSecret()
	r.syncConfiguration()
	return r
}

func (r *replica) syncSecret()        { r.secret = r.cluster.secret() }
func (r *replica) syncConfiguration() { r.configuration = r.cluster.configuration() }

// Get implements client.Reader by the cache.
func (r *replica) Get(_ context.Context, key types.NamespacedName, object client.Object, _ ...client.GetOption) error {
	switch o := object.(type) {
	case *corev1.Secret:
		if r.secret.Name == "" {
			return apierrors.NewNotFound(corev1.Resource("secrets"), key.Name)
		}
		r.secret.DeepCopyInto(o)
	case *admissionv1.MutatingWebhookConfiguration:
		r.configuration.DeepCopyInto(o)
	}
	return nil
}

// reconcile has the replica take one step. A new leaf must be trusted by the configuration that the replica sees.
func (r *replica) reconcile() {
	r.cluster.t.Helper()
	before := r.leaf.Load()
	// A Secret that was deleted meanwhile cannot be updated: the queue tries again.
	if _, err := r.step(r.cluster.t.Context(), r.cluster.now); client.IgnoreNotFound(err) != nil {
		r.cluster.t.Fatal(err)
	}
	if after := r.leaf.Load(); after != before {
		r.mustTrust(r.configuration, "what the replica saw when it began to serve")
	}
}

// mustTrust verifies the leaf by every webhook of a configuration.
func (r *replica) mustTrust(configuration *admissionv1.MutatingWebhookConfiguration, what string) {
	r.cluster.t.Helper()
	leaf := r.leaf.Load()
	if leaf == nil {
		r.cluster.t.Fatal("the replica serves nothing")
	}
	for _, webhook := range configuration.Webhooks {
		if err := verify(leaf.Leaf, webhook.ClientConfig.CABundle, r.cluster.now); err != nil {
			r.cluster.t.Fatalf("%s of %s: %v", what, webhook.Name, err)
		}
	}
}

// converge delivers all events, has the replicas reconcile, and lets the time pass after which a leaf of a new CA may be served.
func (c *cluster) converge(replicas ...*replica) {
	c.t.Helper()
	for range 2 {
		for range 4 {
			for _, r := range replicas {
				r.syncSecret()
				r.syncConfiguration()
				r.reconcile()
			}
		}
		c.now = c.now.Add(propagation)
	}
}

// mustHaveConverged requires that all replicas serve leaves that the cluster trusts, of one valid CA.
func (c *cluster) mustHaveConverged(replicas ...*replica) {
	c.t.Helper()
	live, err := parseSecret(c.secret(), c.now)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range replicas {
		r.mustTrust(c.configuration(), "the live bundle")
		if !live.authority.signed(r.leaf.Load().Leaf) {
			c.t.Fatal("a replica serves the leaf of another CA")
		}
	}
}
