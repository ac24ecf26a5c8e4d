package admission

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission/metrics"

	"github.com/podidentity/podidentity/webhook/inject"
)

var _ http.Handler = (*Handler)(nil)

// ServeHTTP answers one review. It does what controller-runtime's Webhook does, but decodes the review once. That one, with
// its decoder, decodes it eight times: half of the cost of an admission. And it keeps within the limits.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), MaxReviewWait)
	defer cancel()
	taken := reservation{bytes: h.Memory.bytes}
	defer taken.release()
	answer, err := h.answer(ctx, r, &taken)
	if err != nil {
		// An API server takes this for a webhook that is away, and calls the standby.
		h.Log.WithError(err).Warn("did not answer a review: there are too many at once")
		http.Error(w, "the webhook has too many reviews at once: retry", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		h.Log.WithError(err).Warn("could not send the answer to the API server")
	}
}

// refusal is an error with its HTTP status.
type refusal struct {
	error

	code int32
}

func badRequest(err error) *refusal { return &refusal{err, http.StatusBadRequest} }

// answer fails if the review got no memory or no slot, or when the client has gone.
func (h *Handler) answer(ctx context.Context, r *http.Request, taken *reservation) (*admissionv1.AdmissionReview, error) {
	body, err := readBody(ctx, r, taken)
	if refused, ok := errors.AsType[*refusal](err); ok {
		return h.refuse(review{}, refused), nil
	}
	if err != nil {
		return nil, err
	}
	small, err := isSmall(body)
	if errors.Is(err, errTooLarge) {
		return h.skip(readHeader(body)), nil
	}
	if err != nil {
		return h.refuse(review{}, badRequest(fmt.Errorf("read the review: %w", err))), nil
	}
	slots := h.Memory.slots(small)
	if err := acquire(ctx, slots, 1); err != nil {
		return nil, err
	}
	defer slots.Release(1)
	review, err := readReview(body)
	if err != nil {
		return h.refuse(review, badRequest(err)), nil
	}
	// The bound of the wait is over, but not the work.
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := answerTo(review, h.recovered(r.Context(), review.Request))
	patch := answer.Response.Patch
	// The client decides how long both are needed.
	return answer, taken.tryResize(len(patch) + base64.StdEncoding.EncodedLen(len(patch)))
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
	return h.handle(request)
}

// skip admits a pod that is too large. An error would make the API server refuse it, whatever the failurePolicy; this way the
// author reads the warning, and the API server's own answer where it refuses the pod itself, as it does with most of this size.
func (h *Handler) skip(review review) *admissionv1.AdmissionReview {
	decision := inject.Skip(inject.TooLarge)
	h.Metrics.count(decision.Reason)
	log := h.Log
	if review.Request != nil {
		log = log.WithField("namespace", short(review.Request.Namespace))
	}
	log.WithField("reason", decision.Reason).WithField("status", decision.Status).Info("admitted a pod")
	return answerTo(review, admission.Allowed(string(decision.Reason)).WithWarnings(decision.Warnings...))
}

func (h *Handler) refuse(review review, why *refusal) *admissionv1.AdmissionReview {
	why.error = shortError(why.error)
	h.Log.WithError(why).Warn("refused a review")
	return answerTo(review, admission.Errored(why.code, why.error))
}

// answerTo is an answer in the version of the review.
func answerTo(review review, response admission.Response) *admissionv1.AdmissionReview {
	var answer admissionv1.AdmissionReview
	answer.SetGroupVersionKind(review.version())
	if err := encodePatch(&response); err != nil {
		response = admission.Errored(http.StatusInternalServerError, err)
	}
	if review.Request != nil {
		response.UID = types.UID(short(string(review.Request.UID)))
	}
	answer.Response = &response.AdmissionResponse
	return &answer
}
