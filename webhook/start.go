package main

import (
	"errors"
	"fmt"
	stdlog "log"
	"net/http"

	"github.com/bombsimon/logrusr/v4"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/util/version"
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
func requireNativeSidecars(api *rest.Config) error {
	client, err := discovery.NewDiscoveryClientForConfig(api)
	if err != nil {
		return fmt.Errorf("reach the API server at %s: %w", api.Host, err)
	}
	found, err := client.ServerVersion()
	if err != nil {
		return fmt.Errorf("ask the API server at %s for its version: %w", api.Host, err)
	}
	return checkServerVersion(found.GitVersion)
}

func checkServerVersion(found string) error {
	parsed, err := version.ParseGeneric(found)
	if err != nil {
		return fmt.Errorf("read the version of the API server: %w", err)
	}
	if parsed.LessThan(version.MustParseGeneric(oldestServer)) {
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
