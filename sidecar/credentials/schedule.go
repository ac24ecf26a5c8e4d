package credentials

import "time"

const (
	// soonest is the life that a refresh leaves at least, so that every client finds new credentials when its own window
	// opens; the widest window but one is 15 minutes (README, rule 26).
	soonest = 25 * time.Minute
	// longSession and soonestLong are the same for the newest Java SDK, whose window is an hour for long sessions.
	longSession = 2 * time.Hour
	soonestLong = 65 * time.Minute
	// retryAfterLimit bounds what a server may ask for.
	retryAfterLimit = 5 * time.Minute
)

// refreshAfter is how long after it was fetched a set that lives for life is replaced; fraction, in [0, 1), spreads
// the pods of a fleet (README, rule 29).
//
// A set fetched on schedule waits for 80 to 100 % of its turn. One fetched off schedule, by a start, a changed association or the
// end of an outage, was probably fetched by the whole fleet at once, so its turn is spread over nearly all of the time.
func refreshAfter(life time.Duration, onSchedule bool, fraction float64) time.Duration {
	left := life / 2
	if life >= longSession {
		left = max(left, soonestLong)
	}
	// A session too short for that keeps two thirds: of the shortest, 15 minutes, the 10 that botocore insists on.
	left = max(left, min(soonest, life*2/3))
	turn := life - left
	if onSchedule {
		return scale(turn, 0.8+0.2*fraction)
	}
	return scale(turn, 0.2+0.8*fraction)
}

// retryAfter is how long after the attempt'th failure in a row, from 1, the next attempt comes.
func retryAfter(failure *Failure, attempt int, fraction float64) time.Duration {
	first, limit := pace(failure.Verdict)
	delay := limit
	if doublings := attempt - 1; doublings < 10 {
		delay = min(limit, first<<doublings)
	}
	return max(scale(delay, 0.5+0.5*fraction), min(failure.RetryAfter, retryAfterLimit))
}

// pace is the first delay after a failure of that verdict, and the longest.
func pace(verdict Verdict) (first, limit time.Duration) {
	switch verdict {
	case Throttled:
		return 2 * time.Second, 2 * time.Minute
	case Doubtful:
		return time.Second, 2 * time.Minute
	case Refused:
		return 15 * time.Second, 2 * time.Minute
	default:
		return 500 * time.Millisecond, time.Minute
	}
}

func scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}
