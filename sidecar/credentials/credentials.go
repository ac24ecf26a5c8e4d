// Package credentials keeps one set of AWS credentials fresh: a set once obtained is available until it truly expires, and
// never for another identity than it was obtained for.
package credentials

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/podidentity/podidentity/contract"
)

// shortestLife is the remaining life below which a set counts as gone, as in the EKS agent: no client could finish a
// request with it (README, rule 25).
const shortestLife = 15 * time.Second

// Credentials are what a role's session is used with. All but Expiration and AccountID are secrets or lead to one.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	// Expiration is the moment the set ends, by this node's clock.
	Expiration time.Time
	// AccountID is the account of the role, 12 digits, or empty where unknown.
	AccountID string
}

// Source fetches credentials of an identity.
type Source interface {
	// Fetch obtains a new set. Its error is a *Failure where the source knows what the failure means. It must give up
	// when ctx is done, and must not keep what it was given or gave.
	Fetch(ctx context.Context, id contract.Identity) (Credentials, error)
}

// check refuses a set that would break a client (README, rules 21 and 25).
func (c Credentials) check(now time.Time) error {
	if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "" || c.Expiration.IsZero() {
		return errors.New("STS answered without a complete set of credentials: check what answers at its address")
	}
	if !c.usable(now) {
		return fmt.Errorf("the credentials that came ended at %s, while this node's clock says %s: set the clock",
			timestamp(c.Expiration), timestamp(now))
	}
	return nil
}

func (c Credentials) usable(now time.Time) bool {
	return c.Expiration.Sub(now) >= shortestLife
}
