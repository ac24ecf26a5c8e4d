package api

import (
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
)

const (
	// atOnce bounds the requests that are worked on, and with them the calls of the API server and the memory.
	atOnce = 1000
	// burst is how many requests of one address are taken at once: a node that starts may ask for all its pods, through an agent
	// on the host's network.
	burst = 200
	// addresses is how many are remembered.
	addresses = 10_000
	// retryAfter is what a client is told that was turned away.
	retryAfter = time.Second
)

// limits turn requests away before anything is done for them.
type limits struct {
	rate    rate.Limit
	clients *lru.Cache
	places  chan struct{}
}

func newLimits(perSecond int) *limits {
	return &limits{rate: rate.Limit(perSecond), clients: lru.New(addresses), places: make(chan struct{}, atOnce)}
}

func (l *limits) around(next, refuse http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case l.places <- struct{}{}:
			defer func() { <-l.places }()
		default:
			refuse.ServeHTTP(w, r)
			return
		}
		if !l.client(r.RemoteAddr).Allow() {
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// client is the limiter of an address, which in most clusters is one pod.
func (l *limits) client(remote string) *rate.Limiter {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	if known, ok := l.clients.Get(host); ok {
		return known.(*rate.Limiter)
	}
	// Of two first requests at once one is not counted, which is no harm.
	limiter := rate.NewLimiter(l.rate, burst)
	l.clients.Add(host, limiter)
	return limiter
}
