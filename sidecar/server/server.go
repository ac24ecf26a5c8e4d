// Package server speaks the container credentials protocol on localhost, so that every AWS SDK gets the pod's credentials
// from memory, within the second that the strictest of them waits.
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
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

const (
	credentialsPath = contract.CredentialsPath
	headerTimeout   = 5 * time.Second
	writeTimeout    = 5 * time.Second
	// farewell bounds how long requests in flight are waited for at the end; the longest are held for less.
	farewell  = time.Second
	maxHeader = 16 << 10
)

// Keeper has the credentials that the server gives out.
type Keeper interface {
	// Current is what is known now. It must not block.
	Current() *credentials.State
	// Nudge asks for another look at the clock. It must not block.
	Nudge()
}

// Server answers the applications of the pod.
type Server struct {
	// Observe, where set, wraps the handler of all requests, say to count them.
	Observe func(next http.Handler) http.Handler

	keeper    Keeper
	token     Token
	log       logrus.FieldLogger
	wall      func() time.Time
	strangers *strangers
	stopping  chan struct{}

	// Values of headers that every success has, made once.
	contentType, noStore []string
}

// New makes a Server that gives the credentials of keeper to whoever has the token. Of wall, the clock of the node, only
// tests need another than time.Now.
func New(keeper Keeper, token Token, log logrus.FieldLogger, wall func() time.Time) *Server {
	return &Server{
		keeper: keeper, token: token, log: log, wall: wall,
		strangers: &strangers{log: log}, stopping: make(chan struct{}),
		contentType: []string{contentType}, noStore: []string{noStore},
	}
}

// Handler is what the server answers, route by route.
func (s *Server) Handler() http.Handler {
	// SkipClean: the router would redirect an unclean path, which some SDKs follow and some do not (README, rule 11).
	router := mux.NewRouter().SkipClean(true)
	router.Path(credentialsPath).Methods(http.MethodGet).Handler(s.authorize(http.HandlerFunc(s.credentials)))
	router.Path(readiness.Path).Methods(http.MethodGet).HandlerFunc(s.ready)
	router.NotFoundHandler = notFound()
	router.MethodNotAllowedHandler = methodNotAllowed()
	handler := guard(router)
	if s.Observe != nil {
		handler = s.Observe(handler)
	}
	return handler
}

// Serve answers on listener until ctx is done, finishes what is in flight, and returns nil. It closes listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout,
		WriteTimeout:      writeTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          stdlog.New(lines{s.log}, "", 0),
	}
	// A kept connection that one side closes is an error for some clients, and the rate is low (README, rule 12).
	server.SetKeepAlivesEnabled(false)
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		close(s.stopping)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(last), server.Close())
	})
	err := server.Serve(listener)
	if stop() {
		return fmt.Errorf("serve credentials: %w", err)
	}
	if err := <-stopped; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving credentials: %w", err)
	}
	return nil
}

// lines writes what net/http complains about to the log.
type lines struct {
	log logrus.FieldLogger
}

var _ io.Writer = lines{}

// Write implements io.Writer.
func (l lines) Write(line []byte) (int, error) {
	l.log.Warn(string(line))
	return len(line), nil
}
