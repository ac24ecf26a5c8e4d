package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/metrics"
	"github.com/podidentity/podidentity/sidecar/probes"
	"github.com/podidentity/podidentity/sidecar/readiness"
	"github.com/podidentity/podidentity/sidecar/server"
)

// serve is the sidecar itself. It returns when ctx is done, and before that only for what waiting does not cure: invalid
// arguments, an authorization token that cannot be written, an address that cannot be listened on.
func serve(ctx context.Context, arguments []string, getenv func(string) string, out io.Writer) error {
	c, err := config.Parse(arguments, getenv, os.Stdout)
	if err != nil {
		return err
	}
	log := newLog(out)
	if err := hardenProcess(); err != nil {
		log.WithError(err).Warn("cannot fully protect the secrets in the memory of this process")
	}
	tokens, err := server.EnsureTokens(c.AuthorizationFile, c.AuthorizationToken, c.Containers)
	if err != nil {
		return err
	}
	// Only now that the tokens are written, so that every client that can connect can authenticate.
	listener, err := server.Listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if tokens.Kept() {
		server.AwaitAlone(ctx, listener, log)
	}
	var m *metrics.Metrics
	if c.Metrics != "" {
		m = metrics.New()
	}
	sets := credentials.NewSets(m.InstrumentSource(exchangeCommand(c, getenv)), c.Containers, log, time.Now)
	m.RegisterRemaining(sets.States, time.Now)
	status := readiness.NewReporter(sets, time.Now, filepath.Join(filepath.Dir(c.AuthorizationFile), contract.StartedFile), log)
	file := identity.Open(c.IdentityFile)
	update := updater{sets, tokens, log}
	if c.RotateTokens {
		if err := update.rotate(); err != nil {
			return err
		}
	}
	if err := update.set(file.Reading()); err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { sets.Run(ctx); return nil })
	group.Go(func() error { return file.Watch(ctx, update.set) })
	group.Go(func() error { status.Run(ctx); return nil })
	if listener := listenProbes(ctx, c.Probe, log); listener != nil {
		group.Go(func() error { return probes.Serve(ctx, listener, status) })
	}
	if listener := listenMetrics(ctx, c.Metrics, log); listener != nil {
		group.Go(func() error { return m.Serve(ctx, listener) })
	}
	group.Go(func() error {
		log.WithFields(startFields(c)).Info("serving credentials")
		s := server.New(func(container string) server.Keeper { return sets.Of(container) }, status, tokens, log, time.Now)
		s.Instrument = m.InstrumentHandler
		return s.Serve(ctx, listener)
	})
	return group.Wait()
}

// startFields are logged once. An auth service names the session itself.
func startFields(c config.Config) logrus.Fields {
	fields := logrus.Fields{"address": c.Listen, "source": c.Source}
	if c.Source == contract.SourceWebIdentity {
		fields["session"] = webidentity.SessionName(c.WebIdentity.Pod)
	}
	return fields
}

// listenMetrics returns nil if metrics are switched off or cannot be served. That does not end the sidecar: the pod needs
// credentials, not metrics.
func listenMetrics(ctx context.Context, address string, log logrus.FieldLogger) net.Listener {
	if address == "" {
		return nil
	}
	listener, err := metrics.Listen(ctx, address)
	if err != nil {
		log.WithError(err).Error("metrics are not served")
		return nil
	}
	return listener
}

func newLog(out io.Writer) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(out)
	log.SetFormatter(&logrus.JSONFormatter{})
	return log
}
