package certs

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Each sees what the other has written only later, and writes on what it sees itself.
func TestTwoReplicasAtOddsAgree(t *testing.T) {
	for name, interleave := range map[string]func(c *cluster, one, two *replica){
		"both make the first CA at once": func(_ *cluster, one, two *replica) {
			one.look()
			two.look()
		},
		"both replace the same damaged Secret": func(c *cluster, one, two *replica) {
			c.settle(one, two)
			c.setSecret(func(d map[string][]byte) { clear(d) })
			one.syncSecret()
			two.syncSecret()
			one.look()
			two.look()
		},
		"one replaces a deleted Secret that the other still sees": func(c *cluster, one, two *replica) {
			c.settle(one, two)
			c.deleteSecret()
			for range 3 {
				one.syncSecret()
				one.syncConfiguration()
				one.look()
				two.syncConfiguration()
				two.look()
			}
		},
		"each publishes what it holds for true": func(c *cluster, one, two *replica) {
			c.settle(one, two)
			c.deleteSecret()
			one.syncSecret()
			one.look()
			one.syncSecret()
			for range 5 {
				one.syncConfiguration()
				one.look()
				two.syncConfiguration()
				two.look()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			one, two := c.start(), c.start()
			interleave(c, one, two)
			c.settle(one, two)
			c.mustBeWell(one, two)
			before := c.configuration().ResourceVersion
			c.settle(one, two)
			if after := c.configuration().ResourceVersion; after != before {
				t.Error("they go on to write though nothing has changed")
			}
		})
	}
}

const (
	histories = 5
	events    = 25
)

// Whatever happens, and in whatever order replicas hear of it: as soon as one has heard of the live objects and looked at
// them, they trust what it serves, unless something has happened since.
func FuzzWhateverHappensWhatIsServedIsTrusted(f *testing.F) {
	for seed := range uint64(histories) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		spoil := damages(t)
		kinds := slices.Sorted(maps.Keys(spoil))
		c := newCluster(t)
		replicas := []*replica{c.start(), c.start(), c.start()}
		c.settle(replicas...)
		for range events {
			happen(c, random, replicas, spoil[kinds[random.IntN(len(kinds))]])
			hear(random, replicas)
		}
		c.settle(replicas...)
		c.mustBeWell(replicas...)
	})
}

// happen does one thing to the cluster or to a replica.
func happen(c *cluster, random *rand.Rand, replicas []*replica, spoil func(map[string][]byte)) {
	c.t.Helper()
	switch random.IntN(8) {
	case 0:
		c.deleteSecret()
	case 1:
		c.setSecret(func(d map[string][]byte) {
			if len(d["tls.crt"]) > 0 && len(d["tls.key"]) > 0 && len(d["ca.crt"]) > 0 { // it has not been spoilt already
				spoil(d)
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

// hear has replicas, in any order, hear of some objects and look at what they know.
func hear(random *rand.Rand, replicas []*replica) {
	for range random.IntN(6) {
		r := replicas[random.IntN(len(replicas))]
		if random.IntN(2) == 0 {
			r.syncSecret()
		}
		if random.IntN(2) == 0 {
			r.syncConfiguration()
		}
		r.look()
	}
	r := replicas[random.IntN(len(replicas))]
	for range 3 { // the Secret, the bundle, the leaf
		r.syncSecret()
		r.syncConfiguration()
		r.look()
	}
	if leaf := r.leaf.Load(); leaf != nil && r.cluster.now.Before(leaf.Leaf.NotAfter) {
		r.mustTrust(r.cluster.configuration(), "the live bundle")
	}
}
