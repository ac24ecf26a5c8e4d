package api

import (
	"net"
	"net/http"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"

	"github.com/podidentity/podidentity/internal/bounded"
)

// The bounds of the service fit the memory limit of manifests/auth, 256 MiB (268 MB), of which GOMEMLIMIT is 90 %, 241 MB:
//
//	 50 MB  the process with 10,000 associations and their sessions
//	165 MB  maxConnections with TLS, maxHeaderBytes and maxRequestBytes (measured)
const (
	// maxConnections are also the requests in progress at once, since each connection has one, and so the calls of the API server.
	maxConnections = 1000
	// maxPeerConnections is more than clientBurst.
	maxPeerConnections = 250
	// maxHeaderBytes is enough for a signature.
	maxHeaderBytes = 16 << 10
	// maxRequestBytes bounds a request. A service account token has about 1.5 KB.
	maxRequestBytes = 32 << 10
	// clientBurst is how many requests of one address are served at once: an agent on the host's network may ask for all pods of
	// a node that starts.
	clientBurst = 200
	// maxClients is how many addresses are remembered.
	maxClients = 10_000
	// limitedRetryAfter is when a client over a limit may retry.
	limitedRetryAfter = time.Second
)

// ServerLimits are those of the server that serves the API.
func ServerLimits() bounded.Limits {
	return bounded.Limits{
		Connections: maxConnections, PeerConnections: maxPeerConnections, HeaderBytes: maxHeaderBytes,
		// A client sends 2 KB, and waits for one call of the API server and two of STS. It comes back after half an hour.
		ReadHeader: 5 * time.Second, Read: 5 * time.Second, Write: 30 * time.Second, Idle: 15 * time.Second,
	}
}

// limits reject requests before any work is done for them.
type limits struct {
	rate    rate.Limit
	clients *lru.Cache
}

func newLimits(perSecond int) *limits {
	return &limits{rate: rate.Limit(perSecond), clients: lru.New(maxClients)}
}

// wrap serves requests within the limits by next, and others by reject. It does not keep the connection of a client that has to
// wait.
func (l *limits) wrap(next, reject http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.client(r.RemoteAddr).Allow() {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		reject.ServeHTTP(w, r)
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
