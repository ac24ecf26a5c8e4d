package tokens

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/internal/upstream"
)

const (
	// maxLabelReads is how many pods are read at once: the metadata of one may have more than a megabyte (limits.go of package api).
	maxLabelReads = 2
	// labelTimeout bounds a read, and the wait for its turn.
	labelTimeout = 10 * time.Second
)

// Labels reads labels of pods. It keeps none, so that it never knows less than the API server.
type Labels struct {
	pods  client.Reader
	turns chan struct{}
}

// NewLabels returns a reader of labels. Pods must not read from a cache.
func NewLabels(pods client.Reader) *Labels {
	return &Labels{pods: pods, turns: make(chan struct{}, maxLabelReads)}
}

// Labels are those of the pod that a token belongs to. Its errors are *exception.Exception.
func (l *Labels) Labels(ctx context.Context, pod Pod) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, labelTimeout)
	defer cancel()
	select {
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
	case <-ctx.Done():
		return nil, exception.New(exception.ServiceUnavailable, "the API server did not answer in time for the labels of pods: retry")
	}
	var found metav1.PartialObjectMetadata
	found.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	err := l.pods.Get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: pod.Name}, &found)
	switch {
	case apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err):
		return nil, exception.New(exception.InternalServer, "the auth service is not allowed to get pods, whose labels tagLabels of the association name (%s): apply its manifests again", upstream.Line(err.Error()))
	// The name may be that of a successor, with other labels.
	case apierrors.IsNotFound(err) || err == nil && string(found.UID) != pod.UID:
		return nil, exception.New(exception.InvalidToken, "the pod of the token was deleted")
	case err != nil:
		return nil, exception.New(exception.ServiceUnavailable, "the API server did not give the labels of the pod (%s): retry", upstream.Line(err.Error()))
	}
	return found.Labels, nil
}
