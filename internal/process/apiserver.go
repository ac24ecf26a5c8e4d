package process

import (
	"context"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
)

// pollInterval is the time between two attempts to reach the API server.
const pollInterval = 2 * time.Second

// Connect finds the API server, waits until it answers, and returns its version, such as v1.37.2.
func Connect(ctx context.Context, log logrus.FieldLogger) (kubernetes *rest.Config, version string, err error) {
	kubernetes, err = ctrl.GetConfig()
	if err != nil {
		return nil, "", fmt.Errorf("find the API server: %w; run in a pod, or set KUBECONFIG", err)
	}
	version, err = waitForVersion(ctx, kubernetes, log)
	return kubernetes, version, err
}

// waitForVersion does not give up: the kubelet would delay the restart of a process that exits whenever the API server is
// away, long after it is back.
func waitForVersion(ctx context.Context, kubernetes *rest.Config, log logrus.FieldLogger) (string, error) {
	client, err := discovery.NewDiscoveryClientForConfig(kubernetes)
	if err != nil {
		return "", fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	var version string
	err = wait.PollUntilContextCancel(ctx, pollInterval, true, func(context.Context) (bool, error) {
		found, err := client.ServerVersion()
		if err != nil {
			log.WithError(err).WithField("address", kubernetes.Host).Warn("waiting for the API server")
			return false, nil
		}
		version = found.GitVersion
		return true, nil
	})
	if err != nil {
		return "", fmt.Errorf("ask the API server at %s for its version: %w", kubernetes.Host, err)
	}
	return version, nil
}
