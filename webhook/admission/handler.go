// Package admission answers AdmissionReviews of pods: from memory, so that the creation of a pod never waits for another
// call.
package admission

import (
	"context"
	"crypto/rand"
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

// Mode tells the value of the injection label of a namespace.
type Mode func(ctx context.Context, namespace string) (string, error)

// Counter counts verdicts.
type Counter interface {
	Count(reason inject.Reason)
}

// Handler injects pods. The API server selects the handler by the namespace's label, so that no answer depends on a
// namespace read a moment too late.
type Handler struct {
	Mode       Mode
	Settings   inject.Settings
	Identities Identities
	// AuthCA are the authorities by which the auth service is known at this moment, certificates in PEM, or empty.
	AuthCA   func() string
	Verdicts Counter
	Log      logrus.FieldLogger

	decoder admission.Decoder
}

var _ admission.Handler = (*Handler)(nil)

// WithScheme returns the handler with a decoder of the scheme's types, without which it cannot read a pod.
func (h Handler) WithScheme(scheme *runtime.Scheme) *Handler {
	h.decoder = admission.NewDecoder(scheme)
	return &h
}

// Unknown stands for every value of the injection label that is none of the legal ones.
const Unknown = "unknown"

// Path is where pods of namespaces with one value of the label are answered; the MutatingWebhookConfiguration names the
// same.
func Path(label string) string { return "/pods/" + label }

// Handle answers one review. It refuses only what it cannot read; every pod is admitted.
func (h *Handler) Handle(ctx context.Context, request admission.Request) admission.Response {
	var pod corev1.Pod
	if err := h.decoder.DecodeRaw(request.Object, &pod); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("read the pod of the review: %w", err))
	}
	mode, err := h.Mode(ctx, request.Namespace)
	if err != nil {
		// An error would refuse the pod, whatever the failurePolicy says.
		h.Log.WithError(err).Warn("admitted a pod without knowing its namespace's label")
		return admission.Allowed("").WithWarnings("pod identity: nothing was injected: " + err.Error())
	}
	subject := inject.Subject{Pod: &pod, Namespace: request.Namespace, Mode: mode, AuthCA: h.AuthCA(), Token: rand.Text()}
	subject.Identity, subject.Associated = h.Identities.Identity(association.ServiceAccount{
		Namespace: subject.Namespace,
		Name:      subject.ServiceAccount(),
	})
	if request.SubResource == ephemeralContainers {
		return h.debug(request, subject)
	}
	return h.create(subject)
}

func (h *Handler) create(subject inject.Subject) admission.Response {
	verdict := inject.Judge(subject, h.Settings)
	operations := inject.Pod(subject, verdict, h.Settings)
	h.Verdicts.Count(verdict.Reason)
	h.line(subject).WithFields(logrus.Fields{
		"verdict":     verdict.Reason,
		"status":      verdict.Status,
		"association": subject.Identity.Association,
		"operations":  len(operations),
	}).Info("admitted a pod")
	return admission.Patched(string(verdict.Reason), operations...).WithWarnings(verdict.Warnings...)
}

// ephemeralContainers is the subresource of `kubectl debug`.
const ephemeralContainers = "ephemeralcontainers"

func (h *Handler) debug(request admission.Request, subject inject.Subject) admission.Response {
	var before corev1.Pod
	if err := h.decoder.DecodeRaw(request.OldObject, &before); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("read the old pod of the review: %w", err))
	}
	operations, warnings := inject.EphemeralContainers(subject, &before, h.Settings)
	h.line(subject).WithField("operations", len(operations)).Info("admitted ephemeral containers")
	return admission.Patched("", operations...).WithWarnings(warnings...)
}

// line begins the one line of log that an admission gets. A pod of a controller has no name yet, but what it begins with.
func (h *Handler) line(subject inject.Subject) logrus.FieldLogger {
	line := h.Log.WithField("namespace", subject.Namespace)
	if subject.Pod.Name == "" {
		return line.WithField("generateName", subject.Pod.GenerateName)
	}
	return line.WithField("pod", subject.Pod.Name)
}
