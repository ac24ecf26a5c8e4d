package api

import (
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
)

const (
	// maxConcurrent bounds the requests in progress, and with them the memory and the calls of the API server.
	maxConcurrent = 1000
	// clientBurst is how many requests of one address are served at once: an agent on the host's network may ask for all pods of
	// a node that starts.
	clientBurst = 200
	// maxClients is how many addresses are remembered.
	maxClients = 10_000
	// limitedRetryAfter is when a client over a limit may retry.
	limitedRetryAfter = time.Second
)

// limits reject requests before any work is done for them.
type limits struct {
	rate    rate.Limit
	clients *lru.Cache
	slots   chan struct{}
}

func newLimits(perSecond int) *limits {
	return &limits{rate: rate.Limit(perSecond), clients: lru.New(maxClients), slots: make(chan struct{}, maxConcurrent)}
}

// wrap serves requests within the limits by next, and others by reject.
func (l *limits) wrap(next, reject http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case l.slots <- struct{}{}:
			defer func() { <-l.slots }()
		default:
			reject.ServeHTTP(w, r)
			return
		}
		if !l.client(r.RemoteAddr).Allow() {
			reject.ServeHTTP(w, r)
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
	// If the first two requests arrive at once, one of them is not counted, which does no harm.
	limiter := rate.NewLimiter(l.rate, clientBurst)
	l.clients.Add(host, limiter)
	return limiter
}
