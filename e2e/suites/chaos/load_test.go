package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	// clients create pods all the time, one after the other.
	clients = 4
	// real is how many pods are dry runs for each that is kept, for a moment.
	real = 20
)

// figures are what a load has seen.
type figures struct {
	admitted, refused, uninjected, away int
	slowest                             time.Duration
	// complaints are some of what was said to refused pods.
	complaints []string
}

// load creates pods in a labelled namespace until it is stopped.
type load struct {
	pods typedv1.PodInterface
	// stop ends it, and returns when it has ended.
	stop func()

	mu   sync.Mutex
	seen figures
}

// start begins; the test's end stops it, if stop has not.
func (l *load) start(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				l.create(ctx, fmt.Sprintf("load-%d-%d", client, i), i%real == 0)
			}
		})
	}
	l.stop = func() { cancel(); all.Wait() }
	t.Cleanup(l.stop)
}

// create creates one pod, which no node gets.
func (l *load) create(ctx context.Context, name string, kept bool) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{SchedulerName: "none", Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
	options := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	if kept {
		options.DryRun = nil
	}
	// More than the API server gives the webhook, and a bound for the client.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	begin := time.Now()
	created, err := l.pods.Create(ctx, pod, options)
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	l.count(created, err, time.Since(begin))
	if kept && err == nil {
		_ = l.pods.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}) // the cluster goes with the test
	}
}

func (l *load) count(created *corev1.Pod, err error, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil && isAway(err):
		l.seen.away++
		return
	case err != nil:
		l.seen.refused++
		if complaint := err.Error(); len(l.seen.complaints) < 5 && !slices.Contains(l.seen.complaints, complaint) {
			l.seen.complaints = append(l.seen.complaints, complaint)
		}
	case !slices.ContainsFunc(created.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == "pod-identity" }):
		l.seen.uninjected++
	default:
		l.seen.admitted++
	}
	l.seen.slowest = max(l.seen.slowest, took)
}

// isAway reports whether an error is the API server's own, or etcd's: it never is where a webhook or a limit of a LimitRange
// is named, and where the API server says anything else about the pod.
func isAway(err error) bool {
	if strings.Contains(err.Error(), "webhook") || strings.Contains(err.Error(), "per Container") {
		return false
	}
	_, broken := errors.AsType[net.Error](err)
	return broken || errors.Is(err, context.DeadlineExceeded) || apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsTooManyRequests(err) || strings.Contains(err.Error(), "etcdserver") ||
		// While it starts or stops, not all that it authorizes by is read, and connections end anywhere.
		apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err) || strings.Contains(err.Error(), "EOF")
}

// look returns what was seen since the last time that it was taken.
func (l *load) look() figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// take returns what was seen since the last time.
func (l *load) take() figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = figures{}
	return seen
}
