// Webhook gives pods the sidecar at their admission.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/internal/process"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/controller"
	"github.com/podidentity/podidentity/webhook/inject"
	"github.com/podidentity/podidentity/webhook/leader"
)

func main() {
	if err := serve(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

func serve(arguments []string) error {
	settings, err := config.Parse(arguments, os.Stdout)
	if err != nil {
		return err
	}
	process.LimitMemory()
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
	definition, err := association.NewDefinition(kubernetes, metrics.Registry, log)
	if err != nil {
		return err
	}
	mgr, err := process.NewManager(kubernetes, watched(c, rotation), definition.NewInformer, log)
	if err != nil {
		return err
	}
	changes := &association.Changes{}
	sources, err := watchSources(ctx, mgr.GetCache(), c, definition, changes, log)
	if err != nil {
		return err
	}
	controller, err := controller.New(controller.Options{
		Cluster: mgr, Identities: sources.identities, Associations: sources.associations, Definition: definition.State, AuthCA: sources.authCA, Rules: sources.rules, Synced: sources.synced, Changes: changes,
		Injection: c.Injection, ExcludedNamespaces: inject.ExcludedNamespaces(c.Namespace), Issuer: issuerComparison(c, kubernetes), Metrics: metrics.Registry, MetricsLimit: c.MetricsLimit, Log: log,
	})
	if err != nil {
		return err
	}
	election, err := leader.NewElection(kubernetes, types.NamespacedName{Namespace: c.Namespace, Name: c.Lease}, controller.Run, log)
	if err != nil {
		return err
	}
	err = errors.Join(
		process.RegisterBuildInfo(metrics.Registry),
		certificates.SetupWithManager(mgr),
		registerExpiry(metrics.Registry, certificates),
		addServer(mgr, c, certificates, sources, log),
		mgr.Add(election),
		process.Ports{Health: c.Health, Metrics: c.Metrics}.Add(mgr, map[string]healthz.Checker{
			"certificate": certificates.Ready,
			"identities":  process.ReadyWhen(sources.synced, "the associations, ServiceAccounts, Namespaces, LimitRanges, ResourceQuotas or the CA of the auth service are not read yet"),
		}),
	)
	if err != nil {
		return fmt.Errorf("set up the webhook: %w", err)
	}
	return mgr.Start(ctx)
}
