package admission

import (
	"time"

	"github.com/podidentity/podidentity/internal/bounded"
)

// The bounds of the server fit the memory limit of manifests/base/server, 256 MiB (268 MB), of which GOMEMLIMIT is 90 %, 241 MB:
//
//	85 MB  the process with 10,000 associations and 5,000 pods (docs/benchmarks.md)
//	54 MB  maxConnections: 40 KB each with TLS and a header, and freeBytes of a body or an answer
//	24 MB  maxBytes
//	17 MB  smallReviews: smallObjects, which take 1.2 KB each while they are decoded, and 5 KB in the patch if they are containers
//	56 MB  one large review: 0.5 KB for each value, 1.2 and 5 KB for each item, its texts twice
//
// The figures of decoding are the worst of all types in a pod. What is not live is garbage, for which GOMEMLIMIT leaves less room
// the more of this is used.
const (
	maxConnections = 512
	// maxPeerConnections is no bound of its own: an API server may handle 600 requests at once by default, and in some clusters
	// all of them have one address, that of a proxy. Where all connections are in use, the address with most gives one up.
	maxPeerConnections = maxConnections
	// maxHeaderBytes is enough for API servers, which send 300 bytes.
	maxHeaderBytes = 4 << 10

	// maxReviewBytes fits two objects of the largest size that an API server accepts, and the fields around them, as in
	// controller-runtime.
	maxReviewBytes = 7 << 20
	// freeBytes of each body and each answer are not counted: whoever uses up maxBytes does not get in the way of usual pods.
	freeBytes = 64 << 10
	// maxBytes is what all larger bodies and answers take beyond that. One of maxReviewBytes needs 11 MiB while its buffer grows.
	maxBytes = 24 << 20

	// maxValues is how many JSON values a review may have. That is a pod of 1.4 MB with texts of usual length, such as 200 containers
	// with 100 variables each; etcd stores 1.5 MB. Longer texts change nothing. Field sets (fieldsV1) do not count, since they are
	// not decoded.
	maxValues = 64 << 10
	// maxItems is how many containers and volumes a review may have, which are by far the largest values. A node runs no pod with
	// a thousand containers.
	maxItems = 2000
	// maxDigits is how long a number may be: to parse one of 3 MB as a quantity takes 11 s. It counts in texts too, as quantities
	// are.
	maxDigits = 1000

	// smallReviews are decoded at once, and one large one beside them, so that nobody's large ones keep out usual pods. A small
	// review has at most freeBytes and smallObjects, four times those of a usual pod.
	smallReviews = 4
	smallObjects = 400

	// MaxReviewWait is how long a review may wait for its slot and its memory. It is less than the timeout of the primary's entries, so
	// that the API server reads why there is no answer. Then the review waits as long at the standby.
	MaxReviewWait = 2 * time.Second
)

// ServerLimits are those of the admission server.
func ServerLimits() bounded.Limits {
	return bounded.Limits{
		Connections: maxConnections, PeerConnections: maxPeerConnections, HeaderBytes: maxHeaderBytes,
		// An API server sends a review at once, and waits 3 or 10 s for its answer. It closes idle connections after 90 s; if the
		// server did that, a review could meet a connection that is about to be closed.
		ReadHeader: 5 * time.Second, Read: 5 * time.Second, Write: 10 * time.Second, Idle: 100 * time.Second,
	}
}
