package server

import (
	"net/http"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	// strangerPause is the time between two lines about requests without the token: they are normal traffic.
	strangerPause = time.Minute
	maxAgent      = 200
)

// strangers reports requests without the token, at a low rate.
type strangers struct {
	log logrus.FieldLogger

	mu     sync.Mutex
	next   time.Time
	silent int // requests since the last line
}

func (s *strangers) report(r *http.Request) {
	silent, speak := s.count(time.Now())
	if !speak {
		return
	}
	agent := r.UserAgent()
	s.log.WithField("user_agent", agent[:min(len(agent), maxAgent)]).WithField("unreported_before", silent).
		WithField("token_sent", r.Header.Get("Authorization") != "").
		Warn("refused a request for credentials without the authorization token: " +
			"the AWS SDK of the application is too old to read AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, or this is no SDK")
}

func (s *strangers) count(now time.Time) (silent int, speak bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.next) {
		s.silent++
		return 0, false
	}
	silent, s.silent = s.silent, 0
	s.next = now.Add(strangerPause)
	return silent, true
}
