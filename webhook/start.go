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
	utilversion "k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
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

// oldestServer is the first Kubernetes that has native sidecars (init containers with restartPolicy Always) switched on.
const oldestServer = "1.29.0"

// requireNativeSidecars refuses a cluster whose API server would drop the restartPolicy of the sidecar: its pods would
// wait for ever for an init container that never ends.
func requireNativeSidecars(ctx context.Context, api *rest.Config, log logrus.FieldLogger) error {
	client, err := discovery.NewDiscoveryClientForConfig(api)
	if err != nil {
		return fmt.Errorf("reach the API server at %s: %w", api.Host, err)
	}
	var found *version.Info
	// A webhook that ended whenever the API server is away would be held back by the kubelet when it is there again.
	err = wait.PollUntilContextCancel(ctx, 2*time.Second, true, func(context.Context) (bool, error) {
		if found, err = client.ServerVersion(); err != nil {
			log.WithError(err).WithField("address", api.Host).Warn("waiting for the API server")
		}
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("ask the API server at %s for its version: %w", api.Host, err)
	}
	return checkServerVersion(found.GitVersion)
}

func checkServerVersion(found string) error {
	parsed, err := utilversion.ParseGeneric(found)
	if err != nil {
		return fmt.Errorf("read the version of the API server: %w", err)
	}
	if parsed.LessThan(utilversion.MustParseGeneric(oldestServer)) {
		return fmt.Errorf("the API server is %s, which has no native sidecars: upgrade the cluster to Kubernetes 1.29 or newer", found)
	}
	return nil
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

// drained is a context that ends so much later than ctx: until then, API servers that have not yet seen this replica leave
// its Service still call it. A preStop hook would do, but Kubernetes 1.29 knows none that a scratch image can have.
func drained(ctx context.Context, after time.Duration) context.Context {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		time.AfterFunc(after, cancel)
	})
	return later
}
