package certs

import (
	"testing"
	"time"
)

func TestCertificatesSurviveAClockThatJumps(t *testing.T) {
	for name, jumps := range map[string][]time.Duration{
		"an hour on":                              {time.Hour},
		"past the end of the leaf":                {2 * week},
		"past the end of the CA":                  {2 * year},
		"an hour back":                            {-time.Hour},
		"back before the CA was made":             {-2 * year},
		"on and back again":                       {2 * year, -2 * year},
		"back and on again":                       {-2 * year, 2 * year},
		"back within the wait for a new CA":       {propagation / 2, -time.Minute},
		"over and over, as a broken clock does":   {year, -year, week, -2 * week, time.Hour, -3 * year, 4 * year},
		"to the moment at which the leaf is due":  {week * 2 / 3},
		"to the moment at which the leaf ends":    {week},
		"to the moment at which the CA is due":    {year * 2 / 3},
		"to the moment at which the CA ends":      {year},
		"to and fro about the end of the CA":      {year, -time.Hour, time.Hour, -time.Hour},
		"back by less than the skew we allow for": {-clockSkew + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			one, two := c.start(), c.start()
			c.converge(one, two)
			for _, jump := range jumps {
				c.now = c.now.Add(jump)
				c.converge(one, two)
				c.mustHaveConverged(one, two)
			}
		})
	}
}

// A step says when the next is due. Nothing else wakes a replica on whose objects nothing happens.
func TestAReplicaLeftAloneRenewsInTime(t *testing.T) {
	c := newCluster(t)
	r := c.start()
	const day = 24 * time.Hour
	r.config.CAValidity, r.config.LeafValidity = 12*day, 2*day
	leaves, cas := map[string]bool{}, map[string]bool{}
	for end := c.now.Add(22 * day); c.now.Before(end); {
		r.syncSecret()
		r.syncConfiguration()
		result, err := r.step(t.Context(), c.now)
		if err != nil {
			t.Fatal(err)
		}
		if r.leaf.Load() != nil {
			r.mustTrust(c.configuration(), "the live bundle")
			leaves[string(r.leaf.Load().Leaf.Raw)] = true
			cas[string(r.issuer.Load().Raw)] = true
		}
		// Without a delay, the step has written, and its own event brings it back.
		c.now = c.now.Add(result.RequeueAfter)
	}
	// A CA serves for 8 days, a leaf for 32 hours at most.
	if len(leaves) < 16 || len(leaves) > 20 || len(cas) != 3 {
		t.Errorf("%d leaves and %d CAs in 22 days", len(leaves), len(cas))
	}
}
