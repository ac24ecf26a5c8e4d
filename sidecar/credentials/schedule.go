package credentials

import "time"

const (
	// minLeft is the remaining life at which credentials are replaced at the latest, so that every client that refreshes finds
	// new ones. The earliest clients but one refresh 15 minutes before the end (README, rule 26).
	minLeft = 25 * time.Minute
	// longSession and minLeftLong are for the newest Java SDK, which refreshes an hour before the end of long sessions.
	longSession = 2 * time.Hour
	minLeftLong = 65 * time.Minute
	// promptRetries is how long after a failure began somebody probably works on it. slowRetry, the longest delay after that, keeps the
	// 5,000 sidecars of a large cluster below 60 calls a second, so that the end of an outage is no outage of its own.
	promptRetries = 10 * time.Minute
	slowRetry     = 2 * time.Minute
	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = 5 * time.Minute
)

// refreshAfter is how long after they were fetched credentials are replaced. Fraction, in [0, 1), spreads the pods of a fleet
// (README, rule 29).
//
// A refresh on schedule comes after 80 to 100 % of the refresh window. Credentials fetched off schedule, after a start, a changed
// association or an outage, were probably fetched by the whole fleet at once, so their refresh is spread over most of the window.
func refreshAfter(life time.Duration, onSchedule bool, fraction float64) time.Duration {
	left := life / 2
	if life >= longSession {
		left = max(left, minLeftLong)
	}
	// Too short a session keeps two thirds: the shortest, 15 minutes, keeps the 10 that botocore insists on.
	left = max(left, min(minLeft, life*2/3))
	refreshWindow := life - left
	if onSchedule {
		return scale(refreshWindow, 0.8+0.2*fraction)
	}
	return scale(refreshWindow, 0.2+0.8*fraction)
}

// retryAfter is the delay after that many failures in a row, where the present kind of failure lasts that long.
func retryAfter(failure *Failure, failures int, lasts time.Duration, fraction float64) time.Duration {
	first, limit := backoff(failure.Verdict)
	if lasts >= promptRetries {
		limit = slowRetry
	}
	delay := limit
	if doublings := failures - 1; doublings < 10 {
		delay = min(limit, first<<doublings)
	}
	return max(scale(delay, 0.5+0.5*fraction), min(failure.RetryAfter, maxRetryAfter))
}

// backoff is the first delay after a failure of that verdict, and the longest while it is recent.
func backoff(verdict Verdict) (first, limit time.Duration) {
	switch verdict {
	case Throttled:
		return 2 * time.Second, slowRetry
	case Provisional:
		return time.Second, slowRetry
	case Refused:
		return 15 * time.Second, 30 * time.Second
	default:
		return 500 * time.Millisecond, time.Minute
	}
}

func scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}
