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

// narrator prints what happens, with the time since the start.
type narrator struct{ begin time.Time }

func (n narrator) say(format string, args ...any) {
	fmt.Printf("[%6.1fs] %s\n", time.Since(n.begin).Seconds(), fmt.Sprintf(format, args...))
}

func prepare(ctx context.Context) error {
	return platform.Prepare(ctx, narrator{time.Now()}.say)
}

// demo plays the walk-through: on the cluster of KUBECONFIG, or else on one that it builds and leaves up.
func demo(ctx context.Context) error {
	n := narrator{time.Now()}
	if os.Getenv("KUBECONFIG") != "" {
		stage, err := walkthrough.Existing(ctx, os.Getenv)
		if err != nil {
			return err
		}
		if err := n.play(ctx, stage); err != nil {
			return err
		}
		fmt.Printf("\nLeft out: the same Job by the auth service, since all pods of your cluster would ask it for the while.\nWhat it made is in the namespaces of the walk-through. To remove it:\n  kubectl delete namespace eks-s3-example eks-s3-example-unlabelled; kubectl delete pia eks-s3-example refused\n")
		return nil
	}
	p, err := platform.Start(ctx, demoName, n.say)
	if err != nil {
		return err
	}
	if err := n.play(ctx, p.Stage()); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted: nothing of the demo is left")
		} else {
			err = errors.Join(err, p.Diagnose(ctx))
		}
		n.say("removing the cluster")
		return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	n.epilogue(p)
	return nil
}

func (n narrator) play(ctx context.Context, stage *walkthrough.Stage) error {
	if err := walkthrough.Prepare(ctx, stage); err != nil {
		return err
	}
	for i, step := range walkthrough.Steps(stage) {
		seen, err := step.Play(ctx, stage)
		if err != nil {
			return fmt.Errorf("%s: %w", step.Title, err)
		}
		fmt.Println()
		n.say("%d. %s", i+1, step.Title)
		fmt.Printf("    $ %s\n", step.Command)
		for line := range strings.Lines(seen) {
			fmt.Print("    ", line)
		}
	}
	return nil
}

func (n narrator) epilogue(p *platform.Platform) {
	fmt.Println()
	n.say("done; the cluster stays up until `make demo-down`")
	fmt.Printf(`
Talk to it (as root):
  alias k=%s
  k get pods --all-namespaces
  k get pia
What to try next:
  k logs --namespace pod-identity deployment/pod-identity-webhook            # one line an admission
  k logs --namespace eks-s3-example without-association --container pod-identity
  k logs --namespace pod-identity --selector app.kubernetes.io/name=pod-identity-auth --tail=-1   # one line a session
  k label namespace default podidentity.dev/inject=enabled                   # then create pods there
`, p.Cluster.KubectlPath())
}

func demoDown(ctx context.Context) error {
	n := narrator{time.Now()}
	if err := cluster.Remove(ctx, demoName); err != nil {
		return fmt.Errorf("remove the demo: %w", err)
	}
	n.say("the demo is gone: no process, mount, network namespace or file of it is left")
	return nil
}
