// Webhook gives pods the sidecar at their admission.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/process"
	"github.com/podidentity/podidentity/webhook/admission"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/controller"
	"github.com/podidentity/podidentity/webhook/inject"
	"github.com/podidentity/podidentity/webhook/leader"
	"github.com/podidentity/podidentity/webhook/preview"
)

func main() {
	command := serve
	arguments := os.Args[1:]
	if len(arguments) > 0 && arguments[0] == "preview" {
		command, arguments = show, arguments[1:]
	}
	if err := command(arguments); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

func show(arguments []string) error {
	settings, err := config.ParsePreview(arguments, os.Stdout)
	if err != nil {
		return err
	}
	return preview.Run(settings, os.Stdin, os.Stdout, os.Stderr)
}

func serve(arguments []string) error {
	settings, err := config.Parse(arguments, os.Stdout)
	if err != nil {
		return err
	}
	tuneGC()
	return run(process.Drain(ctrl.SetupSignalHandler(), settings.Drain), settings)
}

// run serves admissions until ctx ends.
func run(ctx context.Context, c config.Config) error {
	log, err := process.NewLogger(c.LogLevel)
	if err != nil {
		return err
	}
	kubernetes, version, err := process.Connect(ctx, log)
	if err != nil {
		return err
	}
	if err := requireOldestServer(version); err != nil {
		return err
	}
	rotation := rotationOf(c)
	certificates := newCertificates(c, rotation, log)
	server := crwebhook.NewServer(crwebhook.Options{Port: c.Listen, TLSOpts: []func(*tls.Config){serverTLS(certificates)}})
	mgr, err := process.NewManager(kubernetes, process.Options{Watched: watched(c, rotation), Health: c.Health, Metrics: c.Metrics, Webhooks: server}, log)
	if err != nil {
		return err
	}
	changes := &association.Changes{}
	sources, err := watchSources(ctx, mgr.GetCache(), c, changes, log)
	if err != nil {
		return err
	}
	controller, err := controller.New(controller.Options{
		Cluster: mgr, Identities: sources.identities, AuthCA: sources.authCA, Synced: sources.synced, Changes: changes,
		Injection: c.Injection, ExcludedNamespaces: inject.ExcludedNamespaces(c.Namespace), Metrics: metrics.Registry, Log: log,
	})
	if err != nil {
		return err
	}
	election, err := leader.NewElection(kubernetes, types.NamespacedName{Namespace: c.Namespace, Name: c.Lease}, controller.Run, log)
	if err != nil {
		return err
	}
	err = errors.Join(
		certificates.SetupWithManager(mgr),
		registerExpiry(metrics.Registry, certificates),
		registerHandlers(mgr, c.Injection, sources, log),
		mgr.Add(election),
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("certificate", certificates.Ready),
		mgr.AddReadyzCheck("identities", process.ReadyWhen(sources.synced, "the associations are not read yet")),
		mgr.AddReadyzCheck("server", server.StartedChecker()),
	)
	if err != nil {
		return fmt.Errorf("set up the webhook: %w", err)
	}
	return mgr.Start(ctx)
}

// registerHandlers serves a path for each value of the namespace label.
func registerHandlers(mgr manager.Manager, settings inject.Settings, s sources, log logrus.FieldLogger) error {
	admissions, err := admission.NewMetrics(metrics.Registry)
	if err != nil {
		return err
	}
	for label, mode := range map[string]admission.Mode{
		contract.InjectEnabled:    admission.FixedMode(contract.InjectEnabled),
		contract.InjectAssociated: admission.FixedMode(contract.InjectAssociated),
		admission.Unknown:         admission.LabelMode(mgr.GetAPIReader()),
	} {
		handler := &admission.Handler{
			Mode: mode, Settings: settings, Identities: s.identities, AuthCA: s.authCA, Metrics: admissions, Log: log,
		}
		mgr.GetWebhookServer().Register(admission.Path(label), handler)
	}
	return nil
}
