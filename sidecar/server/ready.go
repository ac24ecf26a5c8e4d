package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// longestWait bounds a request for readiness; who wants to wait longer asks again.
const longestWait = time.Minute

// ready tells how the pod stands, without a secret and so without authorization. With ?wait=<duration> it answers when there is
// something better to say than pending, or after that time.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	wait := time.Duration(0)
	if text := r.URL.Query().Get(readiness.WaitParameter); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > longestWait {
			message := fmt.Sprintf("%s has to be a duration of 0s to %s", readiness.WaitParameter, longestWait)
			refusal{http.StatusBadRequest, "BadRequest", message}.ServeHTTP(w, r)
			return
		}
	}
	// The server's own limit would cut the wait short. Where it cannot be moved, as in a test, there is none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(wait + writeTimeout))
	body, err := json.Marshal(s.settled(r, wait))
	if err != nil {
		panic(fmt.Sprintf("encode a status, a struct of strings: %v", err))
	}
	send(w, http.StatusOK, body)
}

// settled is the status as soon as it is not pending, or at the end of wait.
func (s *Server) settled(r *http.Request, wait time.Duration) readiness.Status {
	limit := time.After(wait)
	for {
		state := s.keeper.Current()
		status := describe(state, s.wall())
		if status.State != readiness.Pending {
			return status
		}
		select {
		case <-r.Context().Done():
			return status
		case <-s.stopping:
			return status
		case <-limit:
			return status
		case <-state.Replaced():
		}
	}
}

func describe(state *credentials.State, now time.Time) readiness.Status {
	if _, ok := state.Body(now); ok {
		return readiness.Status{State: readiness.Available}
	}
	switch {
	case !state.Associated():
		return readiness.Status{State: readiness.Unassociated, Reason: state.Reason()}
	case state.Refused():
		return readiness.Status{State: readiness.Refused, Reason: state.Reason()}
	default:
		return readiness.Status{State: readiness.Pending, Reason: state.Reason()}
	}
}
