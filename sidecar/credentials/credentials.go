// Package credentials keeps the credentials of the identities of a pod fresh, of which it has one, and each container may have one for itself. They
// are served until they expire, or until there are newer ones, and no longer than whoever is served has an identity.
package credentials

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/podidentity/podidentity/contract"
)

// minLife is the remaining life below which credentials count as expired, as in the EKS agent: no client could finish a
// request with them (README, rule 25).
const minLife = 15 * time.Second

// Credentials are those of one session. All fields but Expiration and AccountID are secret.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	// Expiration is the moment at which they expire, by this node's clock.
	Expiration time.Time
	// AccountID is the account of the role, 12 digits, or empty if unknown.
	AccountID string
}

// Source fetches credentials for an identity.
type Source interface {
	// Fetch fetches new credentials. Its error is a *Failure if the source knows what the failure means. Fetch must return
	// when ctx is done, and must keep neither the identity nor the credentials.
	Fetch(ctx context.Context, id contract.Identity) (Credentials, error)
}

// check refuses credentials that would break a client (README, rules 21 and 25).
func (c Credentials) check(now time.Time) error {
	if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "" || c.Expiration.IsZero() {
		return errors.New("the credentials received are incomplete: check what answers at the address of the source")
	}
	if !c.usable(now) {
		return fmt.Errorf("the credentials received expired at %s, and this node's clock says %s: set the clock",
			timestamp(c.Expiration), timestamp(now))
	}
	return nil
}

func (c Credentials) usable(now time.Time) bool {
	return c.Expiration.Sub(now) >= minLife
}
