package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
	"github.com/podidentity/podidentity/e2e/walkthrough"
)

// demoName is the name of the demo's cluster.
const demoName = "demo"

// progress prints what happens, with the time since the start.
type progress struct{ begin time.Time }

func (p progress) print(format string, args ...any) {
	fmt.Printf("[%6.1fs] %s\n", time.Since(p.begin).Seconds(), fmt.Sprintf(format, args...))
}

func prepare(ctx context.Context) error {
	return platform.Prepare(ctx, progress{time.Now()}.print)
}

// demo runs the walk-through: on the cluster of KUBECONFIG, or else on one that it builds and leaves up.
func demo(ctx context.Context) error {
	out := progress{time.Now()}
	if os.Getenv("KUBECONFIG") != "" {
		env, err := platform.Existing(ctx, os.Getenv)
		if err != nil {
			return err
		}
		if err := out.walkThrough(ctx, env); err != nil {
			return err
		}
		fmt.Print(existingSummary)
		return nil
	}
	p, err := platform.Start(ctx, demoName, out.print)
	if err != nil {
		return err
	}
	if err := out.walkThrough(ctx, p.Env); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted: nothing of the demo is left")
		} else {
			err = errors.Join(err, p.Diagnose(ctx))
		}
		out.print("removing the cluster")
		return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	fmt.Println()
	out.print("done; the cluster stays up until `make demo-down`")
	fmt.Printf(summary, p.Cluster.KubectlPath())
	return nil
}

func (p progress) walkThrough(ctx context.Context, env *platform.Env) error {
	if err := walkthrough.Prepare(ctx, env); err != nil {
		return err
	}
	for i, step := range walkthrough.Steps(env) {
		seen, err := step.Run(ctx, env)
		if err != nil {
			return fmt.Errorf("%s: %w", step.Title, err)
		}
		fmt.Println()
		p.print("%d. %s", i+1, step.Title)
		fmt.Printf("    $ %s\n", step.Command)
		for line := range strings.Lines(seen) {
			fmt.Print("    ", line)
		}
	}
	return nil
}

const summary = `
Use it (as root):
  alias k=%s
  k get pods --all-namespaces
  k get pia
Try next:
  k logs --namespace pod-identity deployment/pod-identity-webhook            # one line per admission
  k logs --namespace eks-s3-example without-association --container pod-identity
  k logs --namespace pod-identity --selector app.kubernetes.io/name=pod-identity-auth --tail=-1   # one line per session
  k label namespace default podidentity.dev/inject=enabled                   # then create pods there
`

const existingSummary = `
Not shown: the same Job with the auth service, because meanwhile every new pod of your cluster would use that service.
To remove what the walk-through created:
  kubectl delete namespace eks-s3-example eks-s3-example-unlabelled
  kubectl delete pia eks-s3-example refused
`

// remove removes a cluster that was left up.
func remove(ctx context.Context, name string) error {
	out := progress{time.Now()}
	if err := cluster.Remove(ctx, name); err != nil {
		return fmt.Errorf("remove cluster %s: %w", name, err)
	}
	out.print("cluster %s is removed: no process, mount, network namespace or file of it is left", name)
	return nil
}
