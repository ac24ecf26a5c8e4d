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
	// largest is how many bytes a review may have, and usual how many it has: two objects of the size that an API server takes
	// at most, and their surroundings, as in controller-runtime.
	largest = 7 << 20
	usual   = 64 << 10
)

var _ http.Handler = (*Handler)(nil)

// ServeHTTP answers one review. It does what controller-runtime's Webhook does, and reads the review once where that, with its decoder,
// reads it eight times: half of what an admission costs.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, refused := readBody(r)
	if refused != nil {
		h.refuse(w, review{}, refused)
		return
	}
	asked, err := readReview(body)
	if err != nil {
		h.refuse(w, asked, badRequest(err))
		return
	}
	h.write(w, asked, h.recovered(r.Context(), asked.Request))
}

// refusal is an error and its HTTP status.
type refusal struct {
	error

	code int32
}

func badRequest(err error) *refusal { return &refusal{err, http.StatusBadRequest} }

// readBody takes JSON up to the limit.
func readBody(r *http.Request) ([]byte, *refusal) {
	limited := &io.LimitedReader{R: r.Body, N: largest + 1}
	var body bytes.Buffer
	// Once for all that is usual; a length that is only claimed buys no more.
	body.Grow(int(min(max(r.ContentLength, 0), usual)) + bytes.MinRead)
	if _, err := body.ReadFrom(limited); err != nil {
		return nil, badRequest(fmt.Errorf("read the review: %w", err))
	}
	if limited.N <= 0 {
		return nil, &refusal{fmt.Errorf("the review has more than %d bytes", largest), http.StatusRequestEntityTooLarge}
	}
	if found := r.Header.Get("Content-Type"); found != "application/json" {
		return nil, badRequest(fmt.Errorf("the review is of the type %q, not application/json", found))
	}
	if body.Len() == 0 {
		return nil, badRequest(errors.New("the review is empty"))
	}
	return body.Bytes(), nil
}

// recovered makes a fault of ours an answer in words, where the API server would see a connection that breaks.
func (h *Handler) recovered(ctx context.Context, asked *request) (response admission.Response) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		metrics.WebhookPanics.WithLabelValues().Inc()
		for _, report := range utilruntime.PanicHandlers {
			report(ctx, fault)
		}
		response = admission.Errored(http.StatusInternalServerError, fmt.Errorf("panic: %v", fault))
	}()
	return h.handle(ctx, asked)
}

func (h *Handler) refuse(w http.ResponseWriter, asked review, why *refusal) {
	h.Log.WithError(why).Warn("refused a review")
	h.write(w, asked, admission.Errored(why.code, why.error))
}

// write sends an answer in the version of the review.
func (h *Handler) write(w http.ResponseWriter, asked review, response admission.Response) {
	var answer admissionv1.AdmissionReview
	answer.SetGroupVersionKind(asked.version())
	if asked.Request != nil {
		response.UID = asked.Request.UID
	}
	if err := encodePatch(&response); err != nil {
		response = admission.Errored(http.StatusInternalServerError, err)
	}
	answer.Response = &response.AdmissionResponse
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		h.Log.WithError(err).Warn("the API server has not waited for an answer")
	}
}
