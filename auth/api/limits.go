package api

import (
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"

	"github.com/podidentity/podidentity/internal/bounded"
)

// The bounds of the service fit the memory limit of manifests/auth, 256 MiB (268 MB), of which GOMEMLIMIT is 90 %, 241 MB:
//
//	 50 MB  the process with 10,000 associations and their sessions
//	165 MB  maxConnections with TLS, maxHeaderBytes and maxRequestBytes (measured)
//	 18 MB  two pods whose labels are read at once (package tokens): of one with 1.5 MB of them, which is what etcd stores, 9 MB (measured)
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
	// networkClients is how many clients a /64 of IPv6 counts for: a host may have all of its addresses, and a node or a cloud's subnet
	// with many pods one such network.
	networkClients = 10
	// maxClients is how many addresses and networks are remembered.
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
		if l.allow(r.RemoteAddr) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		reject.ServeHTTP(w, r)
	})
}

// allow takes a request from what its address has left, which in most clusters is one pod, and then from what its /64 has. In this order
// whoever has but one address takes nothing from others of the network once its own rate is used up.
func (l *limits) allow(remote string) bool {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return l.limiter(remote, 1).Allow()
	}
	address := from.Addr().Unmap().WithZone("")
	if !l.limiter(address, 1).Allow() {
		return false
	}
	network := bounded.PeerOf(address)
	return network.IsSingleIP() || l.limiter(network, networkClients).Allow()
}

// limiter is that of an address or a network, which counts for so many clients.
func (l *limits) limiter(of any, clients int) *rate.Limiter {
	if known, ok := l.clients.Get(of); ok {
		return known.(*rate.Limiter)
	}
	// If the first two requests arrive at once, one of them is not counted, which does no harm.
	limiter := rate.NewLimiter(l.rate*rate.Limit(clients), clientBurst*clients)
	l.clients.Add(of, limiter)
	return limiter
}
