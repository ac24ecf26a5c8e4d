package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// podLife is a random sequence of documents, answers and times, and what has to hold for each container at each moment of it.
type podLife struct {
	*rand.Rand
	sets *credentials.Sets

	mu      sync.Mutex
	reading identity.Reading
	running int
	// arrived are the identities of now for which the source has given credentials, by container.
	arrived map[string]bool
	// changes counts those of the identity of each container for itself: a fetch for an earlier one counts for nothing.
	changes map[string]int
	// had are the roles that each container had since it last had none, in the order of time.
	had    map[string][]string
	before map[string]string
}

// names are all containers. The sidecar cannot tell the last one from the pod.
func names() []string { return []string{"a", "b", "c", "ephemeral"} }

// Fetch implements credentials.Source. It gives credentials whose access key ID is "ROLE expires TIME".
func (l *podLife) Fetch(_ context.Context, id contract.Identity) (credentials.Credentials, error) {
	l.mu.Lock()
	l.running++
	change := l.changes[id.Container]
	if l.running > 2 {
		panic("three fetches run at once")
	}
	delay := time.Duration(l.Int64N(int64(9 * time.Second)))
	if l.IntN(3) > 0 {
		delay = time.Duration(l.Int64N(int64(time.Second)))
	}
	fails, verdict := l.IntN(3) == 0, credentials.Verdict(l.IntN(4))
	life := time.Minute + time.Duration(l.Int64N(int64(2*time.Hour)))
	l.mu.Unlock()
	time.Sleep(delay)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if fails {
		return credentials.Credentials{}, &credentials.Failure{Reason: "because", Verdict: verdict}
	}
	if change == l.changes[id.Container] {
		l.arrived[id.Container] = true
	}
	c := good(1, life)
	c.AccessKeyID = id.RoleARN + " expires " + c.Expiration.Format(time.RFC3339Nano)
	return c, nil
}

// edit changes the document.
func (l *podLife) edit() {
	next := identity.Reading{Problem: errors.New("an unknown restriction")}
	switch l.IntN(10) {
	case 0:
	case 1:
		next = unreadable(l.reading)
	case 2:
		next = document("")
	default:
		var containers []string
		for _, name := range []string{"a", "b", "c", "z"} {
			if l.IntN(2) == 0 {
				containers = append(containers, fmt.Sprintf("%s=%s%d", name, name, l.IntN(2)))
			}
		}
		next = document([]string{"", "pod0", "pod1"}[l.IntN(3)], containers...)
	}
	l.mu.Lock()
	for _, name := range names() {
		own, _ := next.Own(name)
		if former, _ := l.reading.Own(name); former != own {
			l.arrived[name] = false
			l.changes[name]++
		}
		role := own.RoleARN
		if role == "" {
			role = next.Identity.RoleARN
		}
		switch {
		case role == "":
			l.had[name] = nil
		case !slices.Contains(l.had[name], role):
			l.had[name] = append(l.had[name], role)
		}
	}
	l.reading = next
	l.mu.Unlock()
	l.sets.SetIdentities(next)
}

// check is about what each container is served now. After an edit, one that has lost its own identity has another source at once.
func (l *podLife) check(edited bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names() {
		former, now := l.before[name], served(l.sets, name)
		l.before[name] = now
		own, hasOwn := l.reading.Own(name)
		role, expires, _ := strings.Cut(now, " expires ")
		switch {
		case now == "":
			keeps := hasOwn || !edited && !strings.HasPrefix(former, name)
			if keeps && len(l.had[name]) > 0 && usable(former) {
				return fmt.Errorf("container %s is served nothing, though %s works", name, former)
			}
		case !slices.Contains(l.had[name], role):
			return fmt.Errorf("container %s is served %s, and has only had %v", name, now, l.had[name])
		case !usable(now):
			return fmt.Errorf("container %s is served what expired at %s", name, expires)
		case hasOwn && l.arrived[name] && role != own.RoleARN:
			return fmt.Errorf("container %s is served %s, though there is something for its own %s", name, now, own.RoleARN)
		case !hasOwn && !strings.HasPrefix(role, "pod"):
			return fmt.Errorf("container %s is served %s, and has no identity for itself", name, now)
		}
	}
	return nil
}

func usable(set string) bool {
	_, text, ok := strings.Cut(set, " expires ")
	if !ok {
		return false
	}
	expires, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && time.Until(expires) >= 15*time.Second
}

func (l *podLife) run(t *testing.T) {
	t.Helper()
	for range 60 {
		l.mu.Lock()
		wait := time.Duration(l.Int64N(int64(3 * time.Second)))
		if l.IntN(4) == 0 {
			wait = time.Duration(l.Int64N(int64(40 * time.Minute)))
		}
		l.mu.Unlock()
		for end := time.Now().Add(wait); time.Now().Before(end); {
			after(min(time.Until(end), 5*time.Second))
			if err := l.check(false); err != nil {
				t.Fatalf("%v; the document is %+v", err, l.reading)
			}
		}
		l.edit()
		if err := l.check(true); err != nil {
			t.Fatalf("%v, at once after a change to %+v", err, l.reading)
		}
	}
}

func TestNoContainerIsEverServedCredentialsOfAnIdentityThatItNeverHad(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &podLife{
					Rand: rand.New(rand.NewPCG(seed, 1)), arrived: map[string]bool{}, changes: map[string]int{}, had: map[string][]string{}, before: map[string]string{},
				}
				l.sets = startSets(t, l, discard(), "a", "b", "c")
				l.run(t)
			})
		})
	}
}
