package tokens_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/tokens"
)

// podNamed is a pod that the fake API server has.
func podNamed(name, uid string, labels map[string]string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(uid), Labels: labels}}
}

func TestTheLabelsAreThoseOfThePodOfTheToken(t *testing.T) {
	secretly := errors.New("connection refused")
	resource := schema.GroupResource{Resource: "pods"}
	for name, test := range map[string]struct {
		present *corev1.Pod
		fails   error
		kind    exception.Kind
		says    string
	}{
		"its own":                              {present: podNamed("web-0", "0a1b", map[string]string{"team": "shop"})},
		"not those of its successor":           {present: podNamed("web-0", "other", map[string]string{"team": "bank"}), kind: exception.InvalidToken, says: "was deleted"},
		"none of a pod that is gone":           {present: podNamed("web-1", "0a1b", nil), kind: exception.InvalidToken, says: "was deleted"},
		"none without the right to read them":  {present: podNamed("web-0", "0a1b", nil), fails: apierrors.NewForbidden(resource, "web-0", secretly), kind: exception.InternalServer, says: "apply its manifests again"},
		"none from an API server that is away": {present: podNamed("web-0", "0a1b", nil), fails: secretly, kind: exception.ServiceUnavailable, says: "connection refused): retry"},
	} {
		t.Run(name, func(t *testing.T) {
			pods := interceptor.NewClient(fake.NewClientBuilder().WithObjects(test.present).Build(), interceptor.Funcs{
				Get: func(ctx context.Context, w client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
					if _, metadataAlone := object.(*metav1.PartialObjectMetadata); !metadataAlone {
						t.Errorf("it reads a %T", object)
					}
					if test.fails != nil {
						return test.fails
					}
					return w.Get(ctx, key, object, options...)
				},
			})
			got, err := tokens.NewLabels(pods).Labels(t.Context(), tokens.Pod{Namespace: "shop", ServiceAccount: "front", Name: "web-0", UID: "0a1b"})
			if test.kind == "" {
				if err != nil || !maps.Equal(got, map[string]string{"team": "shop"}) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			refused, ok := errors.AsType[*exception.Exception](err)
			if !ok || refused.Kind != test.kind || !strings.Contains(refused.Message, test.says) || got != nil {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestFewPodsAreReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reading atomic.Int32
		release := make(chan struct{})
		pods := interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
			Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
				reading.Add(1)
				<-release
				return nil
			},
		})
		labels := tokens.NewLabels(pods)
		refused := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := labels.Labels(t.Context(), tokens.Pod{Namespace: "shop", Name: "web-0"})
				refused <- err
			}()
		}
		synctest.Wait()
		if reading.Load() != 2 {
			t.Errorf("%d are read at once", reading.Load())
		}
		time.Sleep(time.Minute)
		if err := <-refused; err == nil || !strings.Contains(err.Error(), "retry") {
			t.Errorf("the third waits for ever: %v", err)
		}
		close(release)
		synctest.Wait()
	})
}
