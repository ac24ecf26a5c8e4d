package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// maxWait bounds one request for the status. A client that wants to wait longer sends another.
const maxWait = time.Minute

// ready reports the status of the pod. It holds no secret and so needs no authorization. With ?wait=<duration> it answers as soon
// as the status is not pending, or after that duration.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	wait := time.Duration(0)
	if text := r.URL.Query().Get(readiness.WaitParameter); text != "" {
		var err error
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > maxWait {
			message := fmt.Sprintf("%s is not a duration from 0s to %s: set it to one such as 10s", readiness.WaitParameter, maxWait)
			errorResponse{http.StatusBadRequest, "BadRequest", message}.ServeHTTP(w, r)
			return
		}
	}
	// The server's timeouts would cut the wait short. A ResponseWriter that cannot set a deadline, as in tests, has none.
	control, deadline := http.NewResponseController(w), time.Now().Add(wait+timeout)
	_ = errors.Join(control.SetReadDeadline(deadline), control.SetWriteDeadline(deadline))
	body, err := json.Marshal(s.awaitStatus(r, wait))
	if err != nil {
		panic(fmt.Sprintf("encode a status, a struct of strings: %v", err))
	}
	writeJSON(w, http.StatusOK, body)
}

// awaitStatus returns the status as soon as it is not pending, or after wait.
func (s *Server) awaitStatus(r *http.Request, wait time.Duration) readiness.Status {
	timeout := time.After(wait)
	for {
		state := s.keeper.Current()
		status := statusOf(state, s.wall())
		if status.State != readiness.Pending {
			return status
		}
		select {
		case <-r.Context().Done():
			return status
		case <-s.stopping:
			return status
		case <-timeout:
			return status
		case <-state.Replaced():
		}
	}
}

func statusOf(state *credentials.State, now time.Time) readiness.Status {
	if _, ok := state.Body(now); ok {
		return readiness.Status{State: readiness.Available}
	}
	status := readiness.Status{State: readiness.Pending, Reason: state.Reason()}
	switch {
	case !state.Associated():
		status.State = readiness.Unassociated
	case state.Refused():
		status.State = readiness.Refused
	}
	return status
}
