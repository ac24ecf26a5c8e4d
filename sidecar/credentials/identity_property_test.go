package credentials_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// life is a random sequence of identities, answers of STS and times, and what has to hold at each moment of it.
type life struct {
	*rand.Rand
	keeper *credentials.Keeper

	mu       sync.Mutex
	identity contract.Identity
	// change counts the changes of the identity's permissions, and deletion is the last one that left the pod without an identity.
	change, deletion int
	// restart counts also the changes of the duration, each of which makes a fetch in progress worthless.
	restart  int
	sets     []set
	answered bool // STS has given credentials for the identity of now
	served   int  // of sets, or -1
}

// set is what STS gave.
type set struct {
	role    string
	change  int
	expires time.Time
}

// Fetch implements credentials.Source. It answers after its context is done as well, as a source could that notices late.
func (l *life) Fetch(_ context.Context, id contract.Identity) (credentials.Credentials, error) {
	l.mu.Lock()
	change, restart := l.change, l.restart
	delay := time.Duration(l.Int64N(int64(20 * time.Second)))
	if l.IntN(3) > 0 {
		delay = time.Duration(l.Int64N(int64(time.Second)))
	}
	fails, verdict := l.IntN(2) == 0, credentials.Verdict(l.IntN(4))
	// Less than a minute is none, so that no set comes and goes between two checks.
	lives := time.Duration(l.Int64N(int64(2*time.Hour))) - 5*time.Minute
	if lives < time.Minute {
		lives = 0
	}
	l.mu.Unlock()
	time.Sleep(delay)
	if fails {
		return credentials.Credentials{}, &credentials.Failure{Reason: "because", Verdict: verdict}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := good(len(l.sets), lives)
	c.AccessKeyID = strconv.Itoa(len(l.sets))
	l.sets = append(l.sets, set{id.RoleARN, change, c.Expiration})
	if restart == l.restart && lives > 0 {
		l.answered = true
	}
	return c, nil
}

// edit changes the document.
func (l *life) edit() {
	l.mu.Lock()
	next := identity.Reading{Identity: contract.Identity{RoleARN: fmt.Sprint("role", l.IntN(3))}}
	switch l.IntN(8) {
	case 0:
		next = identity.Reading{}
	case 1:
		next.Identity.SessionDuration = contract.Duration(time.Hour)
	case 2:
		next.Identity.Association = "renamed"
	case 3:
		next = identity.Reading{Identity: l.identity, Problem: errDown()}
	}
	if next.Identity.RoleARN != l.identity.RoleARN {
		l.change++
		l.answered = false
	}
	if next.Identity.RoleARN != l.identity.RoleARN || next.Identity.SessionDuration != l.identity.SessionDuration {
		l.restart++
	}
	if !next.Associated() {
		l.deletion = l.change
	}
	l.identity = next.Identity
	l.mu.Unlock()
	l.keeper.SetIdentity(next)
}

// check is about what is served now.
func (l *life) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, before := time.Now(), l.served
	l.served = -1
	if text := key(l.keeper); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("what is served is no set: %w", err)
		}
		l.served = n
	}
	wasUsable := before >= 0 && l.sets[before].change > l.deletion && l.sets[before].expires.Sub(now) >= 15*time.Second
	if l.served < 0 {
		if wasUsable {
			return fmt.Errorf("nothing is served, though set %d works", before)
		}
		return nil
	}
	s := l.sets[l.served]
	switch {
	case s.change < l.deletion || l.identity == (contract.Identity{}):
		return fmt.Errorf("set %d is of a deleted association", l.served)
	case s.expires.Sub(now) < 15*time.Second:
		return fmt.Errorf("set %d has expired", l.served)
	case l.served != before && s.change != l.change:
		return fmt.Errorf("set %d is new, and of an identity that the pod had no longer", l.served)
	case l.answered && s.role != l.identity.RoleARN:
		return fmt.Errorf("set %d is of %s, though STS has given one of %s", l.served, s.role, l.identity.RoleARN)
	case l.served < before:
		return fmt.Errorf("set %d is older than what was served", l.served)
	}
	return nil
}

func (l *life) run(t *testing.T) {
	t.Helper()
	for range 80 {
		l.mu.Lock()
		wait, edits := time.Duration(l.Int64N(int64(2*time.Second))), l.IntN(2) == 0
		if l.IntN(4) == 0 {
			wait = time.Duration(l.Int64N(int64(40 * time.Minute)))
		}
		l.mu.Unlock()
		for end := time.Now().Add(wait); time.Now().Before(end); {
			after(min(time.Until(end), 5*time.Second))
			if err := l.check(); err != nil {
				t.Fatalf("%v; the identity is %v", err, l.identity)
			}
		}
		if !edits {
			continue
		}
		l.edit()
		if err := l.check(); err != nil {
			t.Fatalf("%v, at once after a change to %v", err, l.identity)
		}
	}
}

func TestCredentialsOfWhicheverIdentityAreServedWhileTheyWorkAndTheirAssociationExists(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &life{Rand: rand.New(rand.NewPCG(seed, 0)), served: -1}
				l.keeper = start(t, l, time.Now)
				l.run(t)
			})
		})
	}
}
