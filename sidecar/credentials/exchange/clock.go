package exchange

import "time"

// maxClockSkew is the difference of clocks that is ignored. The Date of a response has whole seconds.
const maxClockSkew = time.Minute

// ToLocalClock converts a moment by a server's clock to this node's clock if the two differ. Clients have the node's clock too, and
// would otherwise use credentials for too long or discard them. Server is what the server's clock said at local, or zero if unknown.
func ToLocalClock(moment, server, local time.Time) time.Time {
	if moment.IsZero() || server.IsZero() || local.IsZero() {
		return moment
	}
	if skew := local.Sub(server); skew.Abs() > maxClockSkew {
		return moment.Add(skew)
	}
	return moment
}
