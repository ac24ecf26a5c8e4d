package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	startNamespace = "bench-start"
	// podPairs is how many pods of each kind are started, in turns.
	podPairs = 10
)

// podStarts compares the start of an application behind the sidecar with that behind one that does nothing.
func (r *Run) podStarts(ctx context.Context, p *platform.Platform, a *api) error {
	r.Log("the cluster: the start of %d pods", 2*podPairs)
	if err := a.makeNamespace(ctx, startNamespace, "enabled"); err != nil {
		return err
	}
	if _, err := a.do(ctx, http.MethodPost, associationsPath, association("bench-start", startNamespace, p.MinIO.RoleARN)); err != nil {
		return err
	}
	var injected, plain []time.Duration
	for i := range podPairs + 1 {
		took, err := a.startOf(ctx, application("injected", p.CLIImage))
		if err != nil {
			return err
		}
		reference, err := a.startOf(ctx, behindNothing(application("plain", p.CLIImage)))
		if err != nil {
			return err
		}
		if i > 0 { // The first of each finds cold caches.
			injected, plain = append(injected, took), append(plain, reference)
		}
	}
	r.add(Row{
		What: "pod start: the application starts later than behind a no-op native sidecar", Unit: "ms", Budget: 200,
		Measured: milliseconds(median(injected) - median(plain)),
		Note: fmt.Sprintf("from the creation to the first line of its log, medians of %d each in turns: %.0f ms (%.0f to %.0f) and %.0f ms (%.0f to %.0f)", podPairs,
			milliseconds(median(injected)), milliseconds(slices.Min(injected)), milliseconds(slices.Max(injected)),
			milliseconds(median(plain)), milliseconds(slices.Min(plain)), milliseconds(slices.Max(plain))),
	})
	return nil
}

// application says when it starts.
func application(name, image string) *corev1.Pod {
	pod := newPod(name, corev1.Container{
		Name: "app", Image: image, ImagePullPolicy: corev1.PullIfNotPresent, Command: []string{"sh", "-c", "echo started; exec sleep infinity"},
	})
	pod.Spec.TerminationGracePeriodSeconds = new(int64(1))
	return pod
}

// behindNothing opts a pod out, and gives it a native sidecar that does nothing.
func behindNothing(pod *corev1.Pod) *corev1.Pod {
	pod.Annotations = map[string]string{labelInject: "false"}
	pod.Spec.InitContainers = []corev1.Container{{
		Name: "nothing", Image: cluster.PauseImage, ImagePullPolicy: corev1.PullNever, RestartPolicy: new(corev1.ContainerRestartPolicyAlways),
	}}
	return pod
}

// startOf creates a pod, waits for the first line of its application, removes it, and returns when the line came after the
// beginning.
func (a *api) startOf(ctx context.Context, pod *corev1.Pod) (took time.Duration, err error) {
	begin := time.Now()
	if _, err := a.do(ctx, http.MethodPost, podsPath(startNamespace), pod); err != nil {
		return 0, err
	}
	path := podsPath(startNamespace) + "/" + pod.Name
	err = poll(ctx, func() error {
		log, err := a.do(ctx, http.MethodGet, path+"/log?container=app&timestamps=true", nil)
		if err != nil {
			return err
		}
		stamp, _, _ := strings.Cut(string(log), " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		took = at.Sub(begin)
		return err
	})
	if err != nil {
		return 0, err
	}
	return took, a.remove(ctx, path)
}
