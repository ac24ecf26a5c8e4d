// Package admission answers AdmissionReviews of pods: from memory, so that the creation of a pod never waits for another
// call.
package admission

import (
	"context"
	"crypto/rand"

	"github.com/sirupsen/logrus"
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
}

// Unknown stands for every value of the injection label that is none of the legal ones.
const Unknown = "unknown"

// Path is where pods of namespaces with one value of the label are answered; the MutatingWebhookConfiguration names the
// same.
func Path(label string) string { return "/pods/" + label }

// handle answers one request. Every pod is admitted.
func (h *Handler) handle(ctx context.Context, request *request) admission.Response {
	mode, err := h.Mode(ctx, request.Namespace)
	if err != nil {
		// An error would refuse the pod, whatever the failurePolicy says.
		h.Log.WithError(err).Warn("admitted a pod without knowing its namespace's label")
		return admission.Allowed("").WithWarnings("pod identity: nothing was injected: " + err.Error())
	}
	subject := inject.Input{Pod: request.Object, Namespace: request.Namespace, Mode: mode, AuthCA: h.AuthCA(), Token: rand.Text()}
	subject.Identity, subject.Associated = h.Identities.Identity(association.ServiceAccount{
		Namespace: subject.Namespace,
		Name:      subject.ServiceAccount(),
	})
	if request.SubResource == ephemeralContainers {
		return h.debug(request, subject)
	}
	return h.create(subject)
}

func (h *Handler) create(subject inject.Input) admission.Response {
	verdict := inject.Decide(subject, h.Settings)
	operations := inject.Patch(subject, verdict, h.Settings)
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

func (h *Handler) debug(request *request, subject inject.Input) admission.Response {
	operations, warnings := inject.PatchEphemeralContainers(subject, request.OldObject, h.Settings)
	h.line(subject).WithField("operations", len(operations)).Info("admitted ephemeral containers")
	return admission.Patched("", operations...).WithWarnings(warnings...)
}

// line begins the one line of log that an admission gets. A pod of a controller has no name yet, but what it begins with.
func (h *Handler) line(subject inject.Input) logrus.FieldLogger {
	line := h.Log.WithField("namespace", subject.Namespace)
	if subject.Pod.Name == "" {
		return line.WithField("generateName", subject.Pod.GenerateName)
	}
	return line.WithField("pod", subject.Pod.Name)
}
