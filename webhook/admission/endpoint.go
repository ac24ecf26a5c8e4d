package admission

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission/metrics"
)

const (
	// maxReviewBytes fits two objects of the largest size that an API server accepts, and the fields around them, as in
	// controller-runtime.
	maxReviewBytes = 7 << 20
	// usualReviewBytes are allocated at once: a client that only claims more does not get more.
	usualReviewBytes = 64 << 10
)

var _ http.Handler = (*Handler)(nil)

// ServeHTTP answers one review. It does what controller-runtime's Webhook does, but decodes the review once. That one, with
// its decoder, decodes it eight times: half of the cost of an admission.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, refused := readBody(r)
	if refused != nil {
		h.refuse(w, review{}, refused)
		return
	}
	review, err := readReview(body)
	if err != nil {
		h.refuse(w, review, badRequest(err))
		return
	}
	h.write(w, review, h.recovered(r.Context(), review.Request))
}

// refusal is an error with its HTTP status.
type refusal struct {
	error

	code int32
}

func badRequest(err error) *refusal { return &refusal{err, http.StatusBadRequest} }

func readBody(r *http.Request) ([]byte, *refusal) {
	limited := &io.LimitedReader{R: r.Body, N: maxReviewBytes + 1}
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), usualReviewBytes)) + bytes.MinRead)
	if _, err := body.ReadFrom(limited); err != nil {
		return nil, badRequest(fmt.Errorf("read the review: %w", err))
	}
	if limited.N <= 0 {
		return nil, &refusal{fmt.Errorf("the review has more than %d bytes", maxReviewBytes), http.StatusRequestEntityTooLarge}
	}
	if contentType := r.Header.Get("Content-Type"); contentType != "application/json" {
		return nil, badRequest(fmt.Errorf("the content type of the review is %q, not application/json", contentType))
	}
	if body.Len() == 0 {
		return nil, badRequest(errors.New("the review is empty"))
	}
	return body.Bytes(), nil
}

// recovered answers a panic with an error, where the API server would otherwise see a broken connection.
func (h *Handler) recovered(ctx context.Context, request *request) (response admission.Response) {
	defer func() {
		panicked := recover()
		if panicked == nil {
			return
		}
		metrics.WebhookPanics.WithLabelValues().Inc()
		for _, handle := range utilruntime.PanicHandlers {
			handle(ctx, panicked)
		}
		response = admission.Errored(http.StatusInternalServerError, fmt.Errorf("panic: %v", panicked))
	}()
	return h.handle(ctx, request)
}

func (h *Handler) refuse(w http.ResponseWriter, review review, why *refusal) {
	h.Log.WithError(why).Warn("refused a review")
	h.write(w, review, admission.Errored(why.code, why.error))
}

// write sends an answer in the version of the review.
func (h *Handler) write(w http.ResponseWriter, review review, response admission.Response) {
	var answer admissionv1.AdmissionReview
	answer.SetGroupVersionKind(review.version())
	if review.Request != nil {
		response.UID = review.Request.UID
	}
	if err := encodePatch(&response); err != nil {
		response = admission.Errored(http.StatusInternalServerError, err)
	}
	answer.Response = &response.AdmissionResponse
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		h.Log.WithError(err).Warn("could not send the answer to the API server")
	}
}
