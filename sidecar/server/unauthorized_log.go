package server

import (
	"net/http"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	// logInterval is the time between two lines, since requests without the token are normal traffic (README, rule 9).
	logInterval  = time.Minute
	maxUserAgent = 200
)

// unauthorizedLog logs requests without the token, at a low rate.
type unauthorizedLog struct {
	log logrus.FieldLogger

	mu      sync.Mutex
	next    time.Time
	skipped int // requests since the last line
}

func (l *unauthorizedLog) record(r *http.Request) {
	skipped, due := l.count(time.Now())
	if !due {
		return
	}
	agent := r.UserAgent()
	l.log.WithField("userAgent", agent[:min(len(agent), maxUserAgent)]).WithField("skippedBefore", skipped).
		WithField("tokenSent", r.Header.Get("Authorization") != "").
		Warn("refused a request for credentials without the authorization token: " +
			"the AWS SDK of the application is too old to read AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, or the client is not an SDK")
}

func (l *unauthorizedLog) count(now time.Time) (skipped int, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.next) {
		l.skipped++
		return 0, false
	}
	skipped, l.skipped = l.skipped, 0
	l.next = now.Add(logInterval)
	return skipped, true
}
