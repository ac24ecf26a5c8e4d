package chaos_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// note is a line of an application of testdata/served.yaml; end is zero where it got no credentials.
type note struct{ at, end time.Time }

func (s *suite) notes(t *testing.T, namespace, pod string, arguments ...string) []note {
	t.Helper()
	text := s.Do(t, append([]string{"logs", "--namespace=" + namespace, "--container=app", pod}, arguments...)...)
	var notes []note
	for line := range strings.Lines(text) {
		at, end, _ := strings.Cut(strings.TrimSpace(line), " ")
		var n note
		var err error
		if n.at, err = time.Parse(time.RFC3339, at); err != nil {
			t.Fatal(err)
		}
		if end != "none" {
			if n.end, err = time.Parse(time.RFC3339, end); err != nil {
				t.Fatal(err)
			}
		}
		notes = append(notes, n)
	}
	return notes
}

// awaitServed waits until all pods have got credentials after a moment, and no later than five minutes after it.
func (s *suite) awaitServed(t *testing.T, namespace string, after time.Time) {
	t.Helper()
	for i := range replicas {
		pod := fmt.Sprint("app-", i)
		err := wait.PollUntilContextTimeout(t.Context(), 500*time.Millisecond, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
			out, err := s.Cluster.Kubectl(ctx, nil, "logs", "--namespace="+namespace, "--container=app", "--tail=1", pod)
			if err != nil || strings.TrimSpace(out) == "" || strings.Contains(out, "none") {
				return false, nil //nolint:nilerr // its application has not started
			}
			last := s.notes(t, namespace, pod, "--tail=1")
			return len(last) == 1 && last[0].at.After(after), nil
		})
		if err != nil {
			t.Fatalf("%s has no credentials: %v", pod, err)
		}
	}
}

// gap is for how long a pod had no credentials, at most. None may serve what has expired.
func (s *suite) gap(t *testing.T, namespace string) (longest time.Duration) {
	t.Helper()
	for i := range replicas {
		var since time.Time
		for _, n := range s.notes(t, namespace, fmt.Sprint("app-", i)) {
			switch {
			case n.end.IsZero() && since.IsZero():
				since = n.at
			case n.end.IsZero():
			case n.end.Before(n.at.Add(-time.Second)):
				t.Errorf("app-%d got credentials at %s that ended at %s", i, n.at, n.end)
			case !since.IsZero():
				longest, since = max(longest, n.at.Sub(since)), time.Time{}
			}
		}
	}
	return longest
}
