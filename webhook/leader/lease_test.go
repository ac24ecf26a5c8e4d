package leader_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// lease is the Lease in an API server that can be made unreachable to the second, as a real one cannot.
type lease struct {
	t           *testing.T
	mu          sync.Mutex
	live        *coordinationv1.Lease
	unreachable bool
	hang        int
}

// config is that of a client of the API server. It does without a connection, for which synctest would not wait.
func (l *lease) config() *rest.Config {
	return &rest.Config{Host: "http://api-server", Transport: l, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
}

// RoundTrip implements http.RoundTripper: it answers as the API server does.
func (l *lease) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unreachable {
		return nil, errors.New("the API server is unreachable")
	}
	if l.hang > 0 {
		l.hang--
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if r.Method == http.MethodGet {
		if l.live == nil {
			return l.answer(http.StatusNotFound, apierrors.NewNotFound(coordinationv1.Resource("leases"), "lease").Status()), nil
		}
		return l.answer(http.StatusOK, l.live), nil
	}
	var next coordinationv1.Lease
	if err := json.NewDecoder(r.Body).Decode(&next); err != nil {
		return nil, err
	}
	if l.live != nil && next.ResourceVersion != l.live.ResourceVersion {
		return l.answer(http.StatusConflict, apierrors.NewConflict(coordinationv1.Resource("leases"), "lease", errors.New("it has changed")).Status()), nil
	}
	l.write(&next)
	return l.answer(http.StatusOK, l.live), nil
}

func (l *lease) answer(code int, object any) *http.Response {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(object); err != nil {
		l.t.Error(err)
	}
	return w.Result()
}

func (l *lease) write(next *coordinationv1.Lease) {
	version := 1
	if l.live != nil {
		before, err := strconv.Atoi(l.live.ResourceVersion)
		if err != nil {
			l.t.Error(err)
		}
		version = before + 1
	}
	next.ResourceVersion = strconv.Itoa(version)
	l.live = next
}

// take has another process acquire the lease now for so many seconds, whoever holds it, or renew its own.
func (l *lease) take(holder string, seconds int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := metav1.NewMicroTime(time.Now())
	l.write(&coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "pod-identity", Name: "lease"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now},
	})
}

// holder is who holds the lease.
func (l *lease) holder() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *l.live.Spec.HolderIdentity
}

func (l *lease) setUnreachable(unreachable bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unreachable = unreachable
}

// hangOnce has the next request never be answered.
func (l *lease) hangOnce() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hang++
}

// stoppable is the API server as a process reaches it that can be stopped in the midst, as by SIGSTOP.
type stoppable struct {
	*lease
	stopped atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (s *stoppable) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.stopped.Load() {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return s.lease.RoundTrip(r)
}
