package upgrade_test

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
)

// dryRuns is how many pods are dry runs for each that is kept, for a moment.
const dryRuns = 20

// createdNamespaces are those in which pods are created all the time.
func createdNamespaces() []string { return []string{"created-0", "created-1", "created-2"} }

// created is what became of the pods that a load has created.
type created struct {
	admitted, refused, uninjected int
	slowest                       time.Duration
	complaints                    []string
}

// load creates pods, one after the other in each namespace.
type load struct {
	mu   sync.Mutex
	seen created
}

func startLoad(t *testing.T, core typedv1.CoreV1Interface) *load {
	t.Helper()
	l := &load{}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, namespace := range createdNamespaces() {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				l.create(ctx, core.Pods(namespace), fmt.Sprint("pod-", i), i%dryRuns == 0)
			}
		})
	}
	t.Cleanup(func() { cancel(); all.Wait() })
	return l
}

// create creates one pod, which no node gets.
func (l *load) create(ctx context.Context, pods typedv1.PodInterface, name string, kept bool) {
	options := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	if kept {
		options.DryRun = nil
	}
	begin := time.Now()
	pod, err := pods.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{SchedulerName: "none", Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}, options)
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	l.count(pod, err, time.Since(begin))
	if kept && err == nil {
		_ = pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}) // the cluster goes with the test
	}
}

func (l *load) count(pod *corev1.Pod, err error, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.slowest = max(l.seen.slowest, took)
	switch {
	case err != nil:
		l.seen.refused++
		if len(l.seen.complaints) < 5 {
			l.seen.complaints = append(l.seen.complaints, err.Error())
		}
	case !slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == "pod-identity" }):
		l.seen.uninjected++
	default:
		l.seen.admitted++
	}
}

// take returns what was seen since the last time.
func (l *load) take() created {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = created{}
	return seen
}
