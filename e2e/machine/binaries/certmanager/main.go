// Certmanager runs cert-manager's own controllers: those that make certificates of a self-signed and of a CA issuer, and the
// CA injector. Only what starts them is ours, since the Go module proxy has no module of cert-manager's commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "certmanager:", err)
		os.Exit(1)
	}
}

// run runs the controllers on the cluster of KUBECONFIG until ctx ends.
func run(ctx context.Context) error {
	kubeconfig := os.Getenv("KUBECONFIG")
	if kubeconfig == "" {
		return errors.New("KUBECONFIG is not set: name the kubeconfig of the cluster")
	}
	log := klog.NewKlogr()
	ctrl.SetLogger(log)
	group, ctx := errgroup.WithContext(logr.NewContext(ctx, log))
	group.Go(func() error { return issue(ctx, kubeconfig) })
	group.Go(func() error { return injectCAs(ctx) })
	return group.Wait()
}
