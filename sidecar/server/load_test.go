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

// countingSource counts its calls.
type countingSource struct {
	credentials.Source
	calls *atomic.Int32
}

func (c countingSource) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	c.calls.Add(1)
	return c.Source.Fetch(ctx, id)
}

func TestRule13AnswersComeFromMemoryWhateverSTSDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newSets(t, &hangingSource{})
		h := handler(t, k)
		k.SetIdentities(associated())
		// By now a refresh is due, in which STS hangs.
		time.Sleep(50 * time.Minute)
		before := time.Now()
		var group sync.WaitGroup
		for range 500 {
			group.Go(func() {
				if w := do(h, request()); w.Code != http.StatusOK || !time.Now().Equal(before) {
					t.Errorf("status %d after %s", w.Code, time.Since(before))
				}
			})
		}
		group.Wait()
	})
}

// hangingSource answers only its first call.
type hangingSource struct{ called bool }

func (h *hangingSource) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	if h.called {
		<-ctx.Done()
		return credentials.Credentials{}, ctx.Err()
	}
	h.called = true
	return source{}.Fetch(ctx, id)
}

func TestAThousandRequestsAtTheStartCauseOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		k := newSets(t, countingSource{source{delay: 500 * time.Millisecond}, &calls})
		h := handler(t, k)
		k.SetIdentities(associated())
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if w := do(h, request()); w.Code != http.StatusOK {
					t.Errorf("status %d", w.Code)
				}
			})
		}
		group.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestRule30AThousandClientsAreServedWhileTheCredentialsAreRenewed(t *testing.T) {
	const clients, requests = 1000, 5
	var calls atomic.Int32
	k := newSets(t, countingSource{source{}, &calls})
	k.SetIdentities(associated())
	awaitRole(k.Of(""), "")
	address, _ := serve(t, k)
	var group sync.WaitGroup
	var wrong atomic.Int32
	for client := range clients {
		group.Go(func() {
			for range requests {
				response, body, err := get(t.Context(), address)
				if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
					if wrong.Add(1) == 1 {
						t.Errorf("the first failure: %v, %s", err, body)
					}
				}
			}
			if client%100 == 0 {
				renewed := associated()
				renewed.Identity.SessionDuration = contract.Duration(time.Duration(client+1) * time.Minute)
				k.SetIdentities(renewed)
			}
		})
	}
	group.Wait()
	if wrong.Load() != 0 || calls.Load() < 2 {
		t.Errorf("%d of %d requests failed; %d fetches", wrong.Load(), clients*requests, calls.Load())
	}
}
