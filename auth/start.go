package main

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net/http"
	"time"

	"github.com/bombsimon/logrusr/v4"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	controllerconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/auth/config"
	"github.com/podidentity/podidentity/certs"
)

// newLogger is the one logger of the process: JSON lines, from the libraries too.
func newLogger(level string) (*logrus.Logger, error) {
	parsed, err := logrus.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("set the log level: %w", err)
	}
	log := logrus.New()
	log.SetFormatter(&logrus.JSONFormatter{})
	log.SetLevel(parsed)
	ctrl.SetLogger(logrusr.New(log))
	klog.SetLogger(logrusr.New(log))
	// net/http complains of broken handshakes there.
	stdlog.SetFlags(0)
	stdlog.SetOutput(log.WriterLevel(logrus.WarnLevel))
	return log, nil
}

// waitFor returns when the API server answers. A process that ended whenever it is away would be held back by the kubelet when
// it is there again.
func waitFor(ctx context.Context, kubernetes *rest.Config, log logrus.FieldLogger) error {
	client, err := discovery.NewDiscoveryClientForConfig(kubernetes)
	if err != nil {
		return fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	return wait.PollUntilContextCancel(ctx, 2*time.Second, true, func(context.Context) (bool, error) {
		_, err := client.ServerVersion()
		if err != nil {
			log.WithError(err).WithField("address", kubernetes.Host).Warn("waiting for the API server")
		}
		return err == nil, nil
	})
}

// newManager builds the manager. No replica leads: each answers pods, and keeps its own certificate.
func newManager(kubernetes *rest.Config, c config.Config, rotation certs.Config, log *logrus.Logger) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("build the scheme: %w", err)
	}
	mgr, err := ctrl.NewManager(kubernetes, ctrl.Options{
		Scheme: scheme,
		Logger: logrusr.New(log),
		Cache:  cache.Options{ByObject: certs.Watched(rotation), DefaultTransform: cache.TransformStripManagedFields()},
		// An API server that is away longer than this would end the process, for nothing.
		Controller:             controllerconfig.Controller{CacheSyncTimeout: 24 * time.Hour},
		HealthProbeBindAddress: c.Health,
		Metrics:                metricsserver.Options{BindAddress: c.Metrics},
	})
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	return mgr, nil
}

// readyWhen is a readiness check that fails with reason until done.
func readyWhen(done func() bool, reason string) healthz.Checker {
	return func(*http.Request) error {
		if done() {
			return nil
		}
		return errors.New(reason)
	}
}

// drained is a context that ends so much later than ctx: until then, nodes that have not yet seen this replica leave its
// Service still send it pods.
func drained(ctx context.Context, after time.Duration) context.Context {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		time.AfterFunc(after, cancel)
	})
	return later
}
