// Package server serves the container credentials protocol on 127.0.0.1: every AWS SDK gets the credentials of its container from memory,
// within the second that the strictest SDKs wait.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/mux"
	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/bounded"
	"github.com/podidentity/podidentity/sidecar/connections"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

const (
	credentialsPath = contract.CredentialsPath
	// timeout is for each part of a request. The strictest SDKs give up after a second, others after five.
	timeout = 5 * time.Second
	// shutdownTimeout is more than firstCredentialsWait, the longest that a request for credentials takes.
	shutdownTimeout = time.Second
)

// Keeper holds the credentials that the server gives to one container.
type Keeper interface {
	// Current returns the latest state. It must not block.
	Current() *credentials.State
	// Changed is closed when Current may have changed. It must not block.
	Changed() <-chan struct{}
	// Wake makes the Keeper check whether a fetch is due. It must not block.
	Wake()
}

// Server answers the applications of the pod.
type Server struct {
	// Instrument, if set, wraps the handler of all requests, to count them.
	Instrument func(next http.Handler) http.Handler

	keepers      []Keeper // of the owners of the tokens
	status       *readiness.Reporter
	tokens       *Tokens
	log          logrus.FieldLogger
	wall         func() time.Time
	unauthorized *unauthorizedLog
	stopping     chan struct{}

	// Values of the headers of every response with credentials, allocated once.
	contentType, noStore []string
}

// New makes a Server that gives to whoever has one of the tokens the credentials of its owner, and the status to everybody. Of returns the Keeper
// of a container, and of the pod for an empty name. Wall is the clock of the node: time.Now, except in tests.
func New(of func(container string) Keeper, status *readiness.Reporter, tokens *Tokens, log logrus.FieldLogger, wall func() time.Time) *Server {
	s := &Server{
		status: status, tokens: tokens, log: log, wall: wall,
		unauthorized: &unauthorizedLog{log: log}, stopping: make(chan struct{}),
		contentType: []string{contentType}, noStore: []string{noStore},
	}
	for _, name := range tokens.names {
		s.keepers = append(s.keepers, of(name))
	}
	return s
}

// Handler routes the requests.
func (s *Server) Handler() http.Handler {
	// Without SkipClean the router redirects an unclean path, which some SDKs follow and some do not (README, rule 11).
	router := mux.NewRouter().SkipClean(true)
	router.Path(credentialsPath).Methods(http.MethodGet).Handler(s.authorize(s.credentials))
	router.Path(readiness.Path).Methods(http.MethodGet).HandlerFunc(s.ready)
	router.NotFoundHandler = notFound()
	router.MethodNotAllowedHandler = methodNotAllowed()
	handler := requireLocal(router)
	if s.Instrument != nil {
		handler = s.Instrument(handler)
	}
	return handler
}

// Serve answers on listener until ctx is done. Then it closes listener, finishes the requests in flight, and returns nil.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	limits := limits()
	server := bounded.NewServer(distrust(s.Handler()), limits)
	server.ConnContext = connections.Context
	server.ErrorLog = stdlog.New(logWriter{s.log}, "", 0)
	// Some clients fail on a kept connection that the server closes, and requests are rare (README, rule 12).
	server.SetKeepAlivesEnabled(false)
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		close(s.stopping)
		shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(shutdown), server.Close())
	})
	err := server.Serve(connections.New(listener, limits.Connections))
	if stop() {
		return fmt.Errorf("serve credentials: %w", err)
	}
	if err := <-stopped; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving credentials: %w", err)
	}
	return nil
}

// distrust is for all connections of whose requests next has not called Trust.
func distrust(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer connections.Distrust(r.Context())
		next.ServeHTTP(w, r)
	})
}

// logWriter logs the errors of net/http.
type logWriter struct {
	log logrus.FieldLogger
}

var _ io.Writer = logWriter{}

// Write implements io.Writer.
func (l logWriter) Write(line []byte) (int, error) {
	l.log.Warn(string(line))
	return len(line), nil
}
