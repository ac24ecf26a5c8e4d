package attack_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/podidentity/podidentity/e2e/suites/attack/figures"
)

const (
	// clients create pods all the time, 20 a second together.
	clients = 4
	every   = 200 * time.Millisecond
	// dryRuns is how many pods are dry runs for each that is kept, for a moment.
	dryRuns = 20
)

// load creates pods in a labelled namespace until it is stopped.
type load struct {
	name string
	pods typedv1.PodInterface
	// variables is how many each pod has.
	variables int
	counter   figures.Counter
}

// start begins; stop, or the test's end, stops it.
func (l *load) start(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			ticks := time.NewTicker(every)
			defer ticks.Stop()
			for i := 0; ; i++ {
				select {
				case <-ctx.Done():
					return
				case <-ticks.C:
				}
				l.create(ctx, fmt.Sprintf("%s-%d-%d", l.name, client, i), i%dryRuns == 0)
			}
		})
	}
	stop = func() { cancel(); all.Wait() }
	t.Cleanup(stop)
	return stop
}

// create creates one pod, which no node gets.
func (l *load) create(ctx context.Context, name string, kept bool) {
	pod := unscheduled(name)
	for i := range l.variables {
		variables := &pod.Spec.Containers[0].Env
		*variables = append(*variables, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%d", i), Value: "a value of a usual length"})
	}
	options := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	if kept {
		options.DryRun = nil
	}
	begin := time.Now()
	created, err := l.pods.Create(ctx, pod, options)
	took := time.Since(begin)
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	switch {
	case err != nil:
		l.counter.Count(took, err.Error())
	case !isInjected(created):
		l.counter.Count(took, "a pod without its sidecar")
	default:
		l.counter.Count(took, "")
	}
	if kept && err == nil {
		_ = l.pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}) // the cluster goes with the test
	}
}

func unscheduled(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{SchedulerName: "none", Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
}

func isInjected(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == "pod-identity" })
}
