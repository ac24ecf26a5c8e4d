package admission

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// An API server asks by this client, which tries again on its own wherever an answer has Retry-After. An error of any kind makes it
// go on to the next entry where this one fails open (k8s.io/apiserver, mutatingDispatcher.Dispatch).
func TestABusyWebhookIsAskedOnceSoThatTheStandbyIsAskedInTime(t *testing.T) {
	h, _ := newHandler(t)
	if !h.Memory.small.TryAcquire(smallReviews) {
		t.Fatal("somebody else has taken it")
	}
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	scheme := runtime.NewScheme()
	if err := admissionv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	client, err := rest.UnversionedRESTClientFor(&rest.Config{
		Host:          server.URL,
		ContentConfig: rest.ContentConfig{NegotiatedSerializer: serializer.NegotiatedSerializerWrapper(runtime.SerializerInfo{Serializer: serializer.NewCodecFactory(scheme).LegacyCodec(admissionv1.SchemeGroupVersion)})},
	})
	if err != nil {
		t.Fatal(err)
	}
	review, err := io.ReadAll(reviewOfBytes(5000))
	if err != nil {
		t.Fatal(err)
	}
	err = client.Post().SetHeader("Content-Type", "application/json").Body(review).Do(t.Context()).Into(&admissionv1.AdmissionReview{})
	if !apierrors.IsServiceUnavailable(err) || asked.Load() != 1 {
		t.Errorf("asked %d times, with %v", asked.Load(), err)
	}
}

// late is a body of which no part is there before its time.
type late struct{ io.Reader }

func (l late) Read(p []byte) (int, error) {
	time.Sleep(MaxReviewWait / 10)
	return l.Reader.Read(p)
}

func TestALateReviewIsAnsweredWhereNothingIsInItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHandler(t)
		begin := time.Now()
		if status, text := send(t.Context(), h, late{reviewOfBytes(3 << 20)}); status != http.StatusOK || time.Since(begin) < MaxReviewWait {
			t.Errorf("%d %.200s after %s", status, text, time.Since(begin))
		}
	})
}
