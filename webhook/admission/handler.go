// Package admission answers AdmissionReviews of pods: from memory, so that the creation of a pod never waits for another
// call.
package admission

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// Identities says which identity a service account has now.
type Identities interface {
	Identity(account association.ServiceAccount) (identity contract.Identity, ok bool)
}

// Handler injects pods of the namespaces that carry one value of the injection label. The API server selects the
// handler by the label, so that no answer depends on a namespace read a moment too late.
type Handler struct {
	mode       string
	settings   inject.Settings
	identities Identities
	decoder    admission.Decoder
	log        logrus.FieldLogger
}

var _ admission.Handler = (*Handler)(nil)

// NewHandler returns the handler for namespaces whose injection label has the value mode.
func NewHandler(mode string, settings inject.Settings, identities Identities, scheme *runtime.Scheme, log logrus.FieldLogger) *Handler {
	return &Handler{
		mode:       mode,
		settings:   settings,
		identities: identities,
		decoder:    admission.NewDecoder(scheme),
		log:        log,
	}
}

// Path is where the handler for mode is served; the MutatingWebhookConfiguration names the same.
func Path(mode string) string { return "/pods/" + mode }

// Handle answers one review. It refuses only what it cannot read; every pod is admitted.
func (h *Handler) Handle(_ context.Context, request admission.Request) admission.Response {
	var pod corev1.Pod
	if err := h.decoder.DecodeRaw(request.Object, &pod); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("read the pod of the review: %w", err))
	}
	subject := inject.Subject{Pod: &pod, Namespace: request.Namespace, Mode: h.mode}
	subject.Identity, subject.Associated = h.identities.Identity(association.ServiceAccount{
		Namespace: subject.Namespace,
		Name:      subject.ServiceAccount(),
	})
	verdict := inject.Judge(subject)
	operations, warnings := inject.Pod(subject, verdict, h.settings)

	h.log.WithFields(logrus.Fields{
		"namespace":   request.Namespace,
		"pod":         nameOf(&pod),
		"verdict":     verdict.Reason,
		"status":      verdict.Status,
		"association": subject.Identity.Association,
		"operations":  len(operations),
	}).Info("admitted a pod")
	return admission.Patched(string(verdict.Reason), operations...).WithWarnings(warnings...)
}

// nameOf is the name that a person would look for: a pod of a controller has none yet at admission.
func nameOf(pod *corev1.Pod) string {
	if pod.Name != "" {
		return pod.Name
	}
	return pod.GenerateName + "*"
}
