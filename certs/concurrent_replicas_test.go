package certs

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Each sees only later what the other has written, and writes by what it sees itself.
func TestTwoReplicasThatWriteConcurrentlyConverge(t *testing.T) {
	for name, interleave := range map[string]func(c *cluster, one, two *replica){
		"both make the first CA at once": func(_ *cluster, one, two *replica) {
			one.reconcile()
			two.reconcile()
		},
		"both replace the same damaged Secret": func(c *cluster, one, two *replica) {
			c.converge(one, two)
			c.setSecret(func(d map[string][]byte) { clear(d) })
			one.syncSecret()
			two.syncSecret()
			one.reconcile()
			two.reconcile()
		},
		"one replaces a deleted Secret that the other still sees": func(c *cluster, one, two *replica) {
			c.converge(one, two)
			c.deleteSecret()
			for range 3 {
				one.syncSecret()
				one.syncConfiguration()
				one.reconcile()
				two.syncConfiguration()
				two.reconcile()
			}
		},
		"each publishes the CA that it sees": func(c *cluster, one, two *replica) {
			c.converge(one, two)
			c.deleteSecret()
			one.syncSecret()
			one.reconcile()
			one.syncSecret()
			for range 5 {
				one.syncConfiguration()
				one.reconcile()
				two.syncConfiguration()
				two.reconcile()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			one, two := c.start(), c.start()
			interleave(c, one, two)
			c.converge(one, two)
			c.mustHaveConverged(one, two)
			before := c.configuration().ResourceVersion
			c.converge(one, two)
			if after := c.configuration().ResourceVersion; after != before {
				t.Error("they still write though nothing has changed")
			}
		})
	}
}

const (
	histories = 5
	events    = 25
)

// Whatever happens, and in whatever order replicas see it: once a replica has seen the live objects and reconciled, they trust
// its leaf, unless something has happened since.
func FuzzWhateverHappensTheLeafIsTrusted(f *testing.F) {
	for seed := range uint64(histories) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		damage := damages(t)
		kinds := slices.Sorted(maps.Keys(damage))
		c := newCluster(t)
		replicas := []*replica{c.start(), c.start(), c.start()}
		c.converge(replicas...)
		for range events {
			disturb(c, random, replicas, damage[kinds[random.IntN(len(kinds))]])
			reconcileSome(random, replicas)
		}
		c.converge(replicas...)
		c.mustHaveConverged(replicas...)
	})
}

// disturb does one thing to the cluster or to a replica.
func disturb(c *cluster, random *rand.Rand, replicas []*replica, damage func(map[string][]byte)) {
	c.t.Helper()
	switch random.IntN(8) {
	case 0:
		c.deleteSecret()
	case 1:
		c.setSecret(func(d map[string][]byte) {
			if len(d["tls.crt"]) > 0 && len(d["tls.key"]) > 0 && len(d["ca.crt"]) > 0 { // it is not damaged already
				damage(d)
			}
		})
	case 2:
		c.setBundle(random.IntN(2), nil)
	case 3:
		c.setBundle(random.IntN(2), foreignCA(c.t, c))
	case 4:
		c.setBundle(0, nil)
		c.setBundle(1, nil)
	case 5:
		replicas[random.IntN(len(replicas))] = c.start()
	case 6:
		c.now = c.now.Add(time.Duration(random.Int64N(int64(year))))
	default:
		c.now = c.now.Add(time.Duration(random.Int64N(int64(2 * propagation))))
	}
}

// reconcileSome has replicas, in any order, see some of the live objects and reconcile.
func reconcileSome(random *rand.Rand, replicas []*replica) {
	for range random.IntN(6) {
		r := replicas[random.IntN(len(replicas))]
		if random.IntN(2) == 0 {
			r.syncSecret()
		}
		if random.IntN(2) == 0 {
			r.syncConfiguration()
		}
		r.reconcile()
	}
	r := replicas[random.IntN(len(replicas))]
	for range 3 { // the Secret, the bundle, the leaf
		r.syncSecret()
		r.syncConfiguration()
		r.reconcile()
	}
	if leaf := r.leaf.Load(); leaf != nil && r.cluster.now.Before(leaf.Leaf.NotAfter) {
		r.mustTrust(r.cluster.configuration(), "the live bundle")
	}
}
