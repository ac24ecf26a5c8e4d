package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	billNamespace = "bench-bill"
	billPods      = 40
	// billSettle is how long the pods are left alone before they are looked at: the kubelet has then ended its work on them.
	billSettle = 20 * time.Second
	// billWindow is two periods of the slowest probe.
	billWindow = time.Minute
)

// nodeBill measures what the node spends on pods that do nothing, with sidecars and without.
func (r *Run) nodeBill(ctx context.Context, p *platform.Platform, a *api) error {
	if err := a.makeNamespace(ctx, billNamespace, "enabled"); err != nil {
		return err
	}
	if _, err := a.do(ctx, http.MethodPost, associationsPath, association(billNamespace, billNamespace, p.MinIO.RoleARN)); err != nil {
		return err
	}
	optedOut, err := r.billOf(ctx, p, a, "opted-out", map[string]string{labelInject: "false"})
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		name, readiness string
		budget          float64
	}{
		{"no probes", "false", None()}, {"HTTP probes, the default", "true", 20}, {"exec probes", "exec", None()},
	} {
		b, err := r.billOf(ctx, p, a, "readiness-"+kind.readiness, map[string]string{"podidentity.dev/readiness": kind.readiness})
		if err != nil {
			return err
		}
		r.add(Row{
			What: "node: CPU a sidecar and minute, " + kind.name, Unit: "ms", Budget: kind.budget, Measured: perPodMinute(b.total() - optedOut.total()),
			Note: fmt.Sprintf("%d pods for %s, over as many that opted out. A pod: %s; opted out: %s", billPods, billWindow, b, optedOut),
		})
	}
	return nil
}

// billOf is what the node spends during the window on pods with these annotations.
func (r *Run) billOf(ctx context.Context, p *platform.Platform, a *api, name string, annotations map[string]string) (bill, error) {
	r.Log("the cluster: the node's CPU for %d pods, %s", billPods, name)
	path := func(i int) string { return fmt.Sprintf("%s/%s-%d", podsPath(billNamespace), name, i) }
	err := each(ctx, billPods, func(ctx context.Context, i int) error {
		pod := newPod(fmt.Sprintf("%s-%d", name, i), corev1.Container{Name: "app", Image: cluster.PauseImage, ImagePullPolicy: corev1.PullNever})
		pod.Annotations, pod.Spec.TerminationGracePeriodSeconds = annotations, new(int64(1))
		if _, err := a.do(ctx, http.MethodPost, podsPath(billNamespace), pod); err != nil {
			return err
		}
		_, err := a.readyPod(ctx, path(i))
		return err
	})
	if err != nil {
		return bill{}, err
	}
	if err := pause(ctx, billSettle); err != nil {
		return bill{}, err
	}
	before, err := readBill(p)
	if err != nil {
		return bill{}, err
	}
	if err := pause(ctx, billWindow); err != nil {
		return bill{}, err
	}
	after, err := readBill(p)
	if err != nil {
		return bill{}, err
	}
	return after.since(before), each(ctx, billPods, func(ctx context.Context, i int) error { return a.remove(ctx, path(i)) })
}

// perPodMinute is the share of one pod and minute, in milliseconds.
func perPodMinute(spent time.Duration) float64 {
	return milliseconds(spent) / billPods / billWindow.Minutes()
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
