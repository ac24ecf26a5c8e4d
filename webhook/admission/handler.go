// Package admission answers AdmissionReviews of pods: from memory, so that the creation of a pod never waits for another
// call.
package admission

import (
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

// Handler injects pods. The API server selects the handler by the namespace's label, so that no answer depends on a cache
// of namespaces that lags behind.
type Handler struct {
	// Mode is the value of the namespace's injection label that the API server calls the path for, or Unknown.
	Mode       string
	Settings   inject.Settings
	Identities Identities
	// AuthCA are the current CA certificates of the auth service, in PEM, or empty.
	AuthCA func() string
	// Rules are what the LimitRanges and ResourceQuotas of a namespace demand.
	Rules   func(namespace string) inject.Rules
	Memory  *Memory
	Metrics *Metrics
	Log     logrus.FieldLogger
}

// Unknown stands for every invalid value of the injection label. To quote the value, one would have to read the namespace for
// whoever asks.
const Unknown = "unknown"

// Path is where reviews of pods in namespaces with one value of the label are answered; the MutatingWebhookConfigurations
// have the same.
func Path(label string) string { return "/pods/" + label }

// handle answers one request. Every pod is admitted.
func (h *Handler) handle(request *request) admission.Response {
	in := inject.Input{
		Pod: request.Object, Namespace: request.Namespace, Mode: h.Mode, AuthCA: h.AuthCA(), Rules: h.Rules(request.Namespace), Token: rand.Text(),
	}
	in.Identity, in.Associated = h.Identities.Identity(association.ServiceAccount{Namespace: in.Namespace, Name: in.ServiceAccount()})
	if request.SubResource == ephemeralContainers {
		return h.updateEphemeralContainers(request, in)
	}
	return h.create(in)
}

func (h *Handler) create(in inject.Input) admission.Response {
	decision := inject.Decide(in, h.Settings)
	operations := inject.Patch(in, decision, h.Settings)
	h.Metrics.count(decision.Reason)
	h.logFor(in).WithFields(logrus.Fields{
		"reason":      decision.Reason,
		"status":      decision.Status,
		"association": in.Identity.Association,
		"operations":  len(operations),
	}).Info("admitted a pod")
	return admission.Patched(string(decision.Reason), operations...).WithWarnings(decision.Warnings...)
}

// ephemeralContainers is the subresource that `kubectl debug` updates.
const ephemeralContainers = "ephemeralcontainers"

func (h *Handler) updateEphemeralContainers(request *request, in inject.Input) admission.Response {
	operations, warnings := inject.PatchEphemeralContainers(in, request.OldObject, h.Settings)
	h.logFor(in).WithField("operations", len(operations)).Info("admitted ephemeral containers")
	return admission.Patched("", operations...).WithWarnings(warnings...)
}

// logFor names the pod, which has no name yet if a controller creates it.
func (h *Handler) logFor(in inject.Input) logrus.FieldLogger {
	log := h.Log.WithField("namespace", short(in.Namespace))
	if in.Pod.Name == "" {
		return log.WithField("generateName", short(in.Pod.GenerateName))
	}
	return log.WithField("pod", short(in.Pod.Name))
}
