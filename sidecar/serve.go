package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"

	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/server"
)

// serve is the sidecar itself. It ends when ctx is done, and otherwise only for what no waiting cures: bad arguments, an
// authorization token that cannot be written, an address that cannot be listened on.
func serve(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	c, err := config.Parse(args, getenv, out)
	if err != nil {
		return err
	}
	log := newLog(out)
	token, err := server.EnsureToken(c.AuthorizationFile, c.AuthorizationToken)
	if err != nil {
		return err
	}
	file := identity.Open(c.IdentityFile)
	keeper := credentials.New(webidentity.Source{TokenFile: c.TokenFile, STS: c.STS, Pod: c.Pod}, log, time.Now)
	keeper.Assign(file.Reading())

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { keeper.Run(ctx); return nil })
	group.Go(func() error { file.Watch(ctx, keeper.Assign); return nil })
	group.Go(func() error { trim(ctx, keeper); return nil })
	group.Go(func() error {
		// After the token is in place, so that who can connect can authenticate.
		listener, err := listen(ctx, c.Listen)
		if err != nil {
			return err
		}
		log.WithField("address", c.Listen).WithField("session", webidentity.SessionName(c.Pod)).Info("serving credentials")
		return server.New(keeper, token, log, time.Now).Serve(ctx, listener)
	})
	return group.Wait()
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another process of this pod listens on %s: choose another port with the annotation podidentity.dev/port", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

func newLog(out io.Writer) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(out)
	log.SetFormatter(&logrus.JSONFormatter{})
	return log
}
