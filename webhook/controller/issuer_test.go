package controller

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	eventsv1 "k8s.io/api/events/v1"

	"github.com/podidentity/podidentity/internal/issuer"
)

// publishedKeys is what the leader finds at the issuer.
type publishedKeys struct {
	mu    sync.Mutex
	found issuer.Comparison
	err   error
}

func (p *publishedKeys) compare(context.Context) (issuer.Comparison, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found, p.err
}

// set has the leader find it, and look at least twice.
func (p *publishedKeys) set(found issuer.Comparison, err error) {
	p.mu.Lock()
	p.found, p.err = found, err
	p.mu.Unlock()
	time.Sleep(3 * issuerInterval)
}

func stale() issuer.Comparison {
	return issuer.Comparison{Issuer: "https://oidc.example.com", Unpublished: []string{"b"}, Problems: []string{"the key b of the cluster is not published: publish the keys again"}}
}

func fitting() issuer.Comparison { return issuer.Comparison{Issuer: "https://oidc.example.com"} }

// told are the reasons of the events that there are, in order.
func told(t *testing.T, c *fakeCluster) []string {
	t.Helper()
	var list eventsv1.EventList
	if err := c.client.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list.Items, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
	var reasons []string
	for _, e := range list.Items {
		reasons = append(reasons, e.Reason)
	}
	return reasons
}

func TestANewLeaderDoesNotRepeatTheEventOfThisHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		for range 2 {
			controller := c.newController()
			controller.options.Issuer = func(context.Context) (issuer.Comparison, error) { return stale(), nil }
			stop := c.run(controller)
			time.Sleep(issuerInterval)
			stop()
		}
		if got := told(t, c); !slices.Equal(got, []string{"IssuerUnfit"}) {
			t.Errorf("told %q", got)
		}
	})
}

func TestTheLeaderTellsOfKeysThatAreNotPublishedBeforeSTSRefusesTokens(t *testing.T) {
	const unfit, fits, unreadable = "IssuerUnfit", "IssuerFits", "IssuerUnreadable"
	away := errors.New("no route to host")
	for name, test := range map[string]struct {
		do          func(p *publishedKeys)
		want        []string
		unpublished float64
		unread      float64
	}{
		"none where they are":             {func(*publishedKeys) { time.Sleep(24 * time.Hour) }, nil, 0, 0},
		"one where one is missing":        {func(p *publishedKeys) { p.set(stale(), nil) }, []string{unfit}, 1, 0},
		"again after an hour":             {func(p *publishedKeys) { p.set(stale(), nil); time.Sleep(time.Hour) }, []string{unfit, unfit}, 1, 0},
		"another where it is there again": {func(p *publishedKeys) { p.set(stale(), nil); p.set(fitting(), nil) }, []string{unfit, fits}, 0, 0},
		"one where it cannot be read": {func(p *publishedKeys) {
			p.set(issuer.Comparison{}, away)
			time.Sleep(issuerInterval)
		}, []string{unreadable}, 0, 1},
		"none where it cannot be read once": {func(p *publishedKeys) {
			p.mu.Lock()
			p.err = away
			p.mu.Unlock()
			time.Sleep(issuerInterval + time.Minute)
			p.set(fitting(), nil)
		}, nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := newFakeCluster(t), &publishedKeys{found: fitting()}
				controller := c.newController()
				controller.options.Issuer = p.compare
				stop := c.run(controller)
				time.Sleep(time.Minute)
				test.do(p)
				if got := testutil.ToFloat64(controller.issuer.unpublished.WithLabelValues()); got != test.unpublished {
					t.Errorf("%v keys are unpublished, not %v", got, test.unpublished)
				}
				if got := testutil.ToFloat64(controller.issuer.unreadable.WithLabelValues()); got != test.unread {
					t.Errorf("unreadable is %v, not %v", got, test.unread)
				}
				stop()
				if got := told(t, c); !slices.Equal(got, test.want) {
					t.Errorf("told %q, not %q", got, test.want)
				}
				if testutil.CollectAndCount(controller.issuer.unpublished) != 0 || testutil.CollectAndCount(controller.issuer.unreadable) != 0 {
					t.Error("a replica that does not lead has metrics of the issuer")
				}
			})
		})
	}
}
