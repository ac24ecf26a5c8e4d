package server_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

// counted is a source that counts how often it is asked.
type counted struct {
	credentials.Source
	calls *atomic.Int32
}

func (c counted) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	c.calls.Add(1)
	return c.Source.Fetch(ctx, id)
}

func TestRule13AnswersComeFromMemoryWhateverSTSDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeper(t, &firstThenHanging{})
		h := handler(k)
		k.Assign(associated())
		// Into the refresh, in which STS hangs.
		time.Sleep(50 * time.Minute)
		before := time.Now()
		var group sync.WaitGroup
		for range 500 {
			group.Go(func() {
				if w := answer(h, request()); w.Code != http.StatusOK || !time.Now().Equal(before) {
					t.Errorf("status %d after %s", w.Code, time.Since(before))
				}
			})
		}
		group.Wait()
	})
}

// firstThenHanging answers once and then never.
type firstThenHanging struct{ asked bool }

func (f *firstThenHanging) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	if f.asked {
		<-ctx.Done()
		return credentials.Credentials{}, ctx.Err()
	}
	f.asked = true
	return source{}.Fetch(ctx, id)
}

func TestAThousandRequestsAtTheStartAskSTSOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		k := keeper(t, counted{source{delay: 500 * time.Millisecond}, &calls})
		h := handler(k)
		k.Assign(associated())
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if w := answer(h, request()); w.Code != http.StatusOK {
					t.Errorf("status %d", w.Code)
				}
			})
		}
		group.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("STS was asked %d times", n)
		}
	})
}

func TestRule30AThousandClientsGetOneAnswerWhileTheSetIsRenewed(t *testing.T) {
	const clients, turns = 1000, 5
	var calls atomic.Int32
	k := keeper(t, counted{source{}, &calls})
	k.Assign(associated())
	address, _ := serve(t, k)
	var group sync.WaitGroup
	var wrong atomic.Int32
	for client := range clients {
		group.Go(func() {
			for range turns {
				response, body, err := fetch(t.Context(), address)
				if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
					if wrong.Add(1) == 1 {
						t.Errorf("the first of the errors: %v, %s", err, body)
					}
				}
			}
			if client%100 == 0 {
				renewed := associated()
				renewed.Identity.SessionDuration = contract.Duration(time.Duration(client+1) * time.Minute)
				k.Assign(renewed)
			}
		})
	}
	group.Wait()
	if wrong.Load() != 0 || calls.Load() < 2 {
		t.Errorf("%d of %d requests failed; STS was asked %d times", wrong.Load(), clients*turns, calls.Load())
	}
}
