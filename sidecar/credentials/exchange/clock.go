package exchange

import "time"

// tolerance is the difference of clocks that is left alone; the Date of an answer has whole seconds.
const tolerance = time.Minute

// ByThisClock moves a moment of a server's clock to the node's where the two differ: the clients, which have the node's
// clock as well, would otherwise use the set for too long or throw it away. Server is what the server's clock said when the
// node's said local; zero where it is not known.
func ByThisClock(moment, server, local time.Time) time.Time {
	if moment.IsZero() || server.IsZero() || local.IsZero() {
		return moment
	}
	if skew := local.Sub(server); skew.Abs() > tolerance {
		return moment.Add(skew)
	}
	return moment
}
