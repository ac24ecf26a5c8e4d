package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/podidentity/podidentity/sidecar/connections"
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
	connections.Distrust(r.Context()) // long before this returns
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	status := s.status.Await(ctx, s.stopping, func(status readiness.Status) bool { return status.State != readiness.Pending })
	body, err := json.Marshal(status)
	if err != nil {
		panic(fmt.Sprintf("encode a status, a struct of strings: %v", err))
	}
	writeJSON(w, http.StatusOK, body)
}
