// Webhook gives pods the sidecar at their admission.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/bombsimon/logrusr/v4"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	controllerconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/admission"
	"github.com/podidentity/podidentity/webhook/config"
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
	limitGarbage()
	return run(drained(ctrl.SetupSignalHandler(), settings.Drain), settings)
}

// propagation is how long an API server may take to see a webhook configuration that we see already.
const propagation = 30 * time.Second

// run serves admissions until ctx ends.
func run(ctx context.Context, c config.Config) error {
	log, err := newLogger(c.LogLevel)
	if err != nil {
		return err
	}
	api, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the API server: %w; run in a pod, or set KUBECONFIG", err)
	}
	if err := requireNativeSidecars(ctx, api, log); err != nil {
		return err
	}
	rotation := certs.Config{
		Secret:       types.NamespacedName{Namespace: c.Namespace, Name: c.CASecret},
		Trust:        certs.WebhookConfigurations(c.Webhooks),
		Propagation:  propagation,
		DNSNames:     hosts(c),
		CAValidity:   c.CAValidity,
		LeafValidity: c.CertificateValidity,
	}
	serving := newCertificates(c, rotation, log)
	mgr, err := newManager(api, c, rotation, serving, log)
	if err != nil {
		return err
	}
	if err := errors.Join(serving.SetupWithManager(mgr), registerExpiry(metrics.Registry, serving)); err != nil {
		return err
	}
	changes := &association.Changes{}
	known, err := watch(ctx, mgr.GetCache(), c, changes, log)
	if err != nil {
		return err
	}
	duties, err := newDuties(api, mgr, c, known, changes, log)
	if err != nil {
		return err
	}
	election, err := leader.NewElection(api, types.NamespacedName{Namespace: c.Namespace, Name: c.Lease}, duties.work, log)
	if err != nil {
		return err
	}
	if err := mgr.Add(election); err != nil {
		return fmt.Errorf("set up the election: %w", err)
	}
	if err := register(mgr, c.Injection, known, log); err != nil {
		return err
	}
	if err := addProbes(mgr, serving, known.synced); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// hosts are the names by which API servers know the webhook.
func hosts(c config.Config) []string {
	var all []string
	for _, service := range c.Services {
		all = append(all, service+"."+c.Namespace+".svc")
	}
	return all
}

func addProbes(mgr manager.Manager, serving certificates, synced func() bool) error {
	err := errors.Join(
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("certificate", serving.Ready),
		mgr.AddReadyzCheck("identities", readyWhen(synced, "the associations are not read yet")),
		mgr.AddReadyzCheck("server", mgr.GetWebhookServer().StartedChecker()),
	)
	if err != nil {
		return fmt.Errorf("set up the probes: %w", err)
	}
	return nil
}

// register serves the handlers, one for each value of the namespace label.
func register(mgr manager.Manager, settings inject.Settings, k known, log logrus.FieldLogger) error {
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
			Mode: mode, Settings: settings, Identities: k.identities, AuthCA: k.authCA, Metrics: admissions, Log: log,
		}
		mgr.GetWebhookServer().Register(admission.Path(label), handler)
	}
	return nil
}

func newManager(api *rest.Config, c config.Config, rotation certs.Config, serving certificates, log *logrus.Logger) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("build the scheme: %w", err)
	}
	server := crwebhook.NewServer(crwebhook.Options{Port: c.Listen, TLSOpts: []func(*tls.Config){serverTLS(serving)}})
	mgr, err := ctrl.NewManager(api, ctrl.Options{
		Scheme:        scheme,
		Logger:        logrusr.New(log),
		Cache:         cache.Options{ByObject: watched(c, rotation), DefaultTransform: cache.TransformStripManagedFields()},
		WebhookServer: server,
		// An API server that is away longer than this would end the process, for nothing.
		Controller:             controllerconfig.Controller{CacheSyncTimeout: 24 * time.Hour},
		HealthProbeBindAddress: c.Health,
		Metrics:                metricsserver.Options{BindAddress: c.Metrics},
	})
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", api.Host, err)
	}
	return mgr, nil
}
