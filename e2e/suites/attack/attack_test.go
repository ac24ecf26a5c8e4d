// Package attack_test proves that nobody who reaches a server of the product, or may create pods, stops it: it attacks the real binaries
// within the memory limits of the manifests, while others create pods and read credentials.
package attack_test

import (
	"os"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

// long is the environment variable that chooses the long form, on a full cluster, and says how long each attack goes on, such as 20s.
const long = "ATTACK"

// length is how long each attack goes on.
func length(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv(long)
	if text == "" {
		return 3 * time.Second
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", long, err)
	}
	return length
}

// Who attacks.
const (
	// peer is another pod.
	peer = "peer"
	// fleet has many addresses.
	fleet = "fleet"
	// neighbour is another container of the pod that is attacked, without the authorization token.
	neighbour = "neighbour"
)

// Who reads credentials.
const (
	// victim reads those of its sidecar.
	victim = "victim"
	// asker reads those that the auth service gives its pod.
	asker = "asker"
)

// Who is attacked.
const (
	webhook = "webhook"
	auth    = "auth"
	sidecar = "sidecar"
)

func TestOnARealCluster(t *testing.T) {
	s := newSuite(t, platform.ForTest(t, "attack"))
	if os.Getenv(long) != "" {
		s.fill(t)
	}
	s.attacks(t, webhookAttacks())
	s.attacks(t, sidecarAttacks())
	s.installAuth(t)
	s.attacks(t, authAttacks())
	t.Run("a standby answers what a saturated primary refuses", s.saturated)
	t.Run("whoever may patch pods forges no identity", s.forged)
	s.attacks(t, userAttacks())
	s.report(t)
}

func (s *suite) attacks(t *testing.T, all []attack) {
	t.Helper()
	for _, a := range all {
		t.Run(a.server+": "+a.name, func(t *testing.T) { s.attack(t, a) })
	}
}
