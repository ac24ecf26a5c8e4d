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

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/eksauth"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/metrics"
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
	if err := hide(); err != nil {
		log.WithError(err).Warn("secrets in the memory of this process are less hidden than they should be")
	}
	token, err := server.EnsureToken(c.AuthorizationFile, c.AuthorizationToken)
	if err != nil {
		return err
	}
	var m *metrics.Metrics
	if c.Metrics != "" {
		m = metrics.New()
	}
	fetched := make(chan struct{}, 1)
	source := unhurried{sourceOf(c), fetched}
	keeper := credentials.New(m.Refreshes(source), log, time.Now)
	m.Remaining(keeper.Current, time.Now)
	file := identity.Open(c.IdentityFile)
	keeper.Assign(file.Reading())

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { keeper.Run(ctx); return nil })
	group.Go(func() error { file.Watch(ctx, keeper.Assign); return nil })
	group.Go(func() error { trim(ctx, fetched); return nil })
	if scrapes := listenForScrapes(ctx, c.Metrics, log); scrapes != nil {
		group.Go(func() error { return m.Serve(ctx, scrapes) })
	}
	group.Go(func() error {
		// After the token is in place, so that who can connect can authenticate.
		listener, err := listen(ctx, c.Listen)
		if err != nil {
			return err
		}
		log.WithFields(described(c)).Info("serving credentials")
		s := server.New(keeper, token, log, time.Now)
		s.Observe = m.Requests
		return s.Serve(ctx, listener)
	})
	return group.Wait()
}

func sourceOf(c config.Config) credentials.Source {
	if c.Source == config.SourceEKSAuth {
		region, _ := contract.AmazonEKSAuth(c.EKSAuth.Endpoint)
		return eksauth.Source{TokenFile: c.TokenFile, Service: c.EKSAuth, ClusterName: c.Pod.ClusterName, Region: region}
	}
	return webidentity.Source{TokenFile: c.TokenFile, STS: c.STS, Pod: c.Pod}
}

// described is what the log says of the sidecar. An auth service names the session itself.
func described(c config.Config) logrus.Fields {
	fields := logrus.Fields{"address": c.Listen, "source": c.Source}
	if c.Source == config.SourceWebIdentity {
		fields["session"] = webidentity.SessionName(c.Pod)
	}
	return fields
}

// listenForScrapes returns nil where metrics are switched off or cannot be served, which is no reason to end: credentials are
// what the pod needs.
func listenForScrapes(ctx context.Context, address string, log logrus.FieldLogger) net.Listener {
	if address == "" {
		return nil
	}
	listener, err := metrics.Listen(ctx, address)
	if err != nil {
		log.WithError(err).Error("the metrics cannot be read")
		return nil
	}
	return listener
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	// No connection lasts long enough to be probed, and to arrange for it takes four system calls of each.
	listener, err := (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, "tcp4", address)
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
