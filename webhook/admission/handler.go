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

// Identities says which identities a service account has now.
type Identities interface {
	Identities(account association.ServiceAccount, containers []string) contract.Identities
	// Refusal says why the role that an annotation of the account names is not given to it, or is "".
	Refusal(account association.ServiceAccount) string
}

// Handler injects pods. The API server selects the handler by the namespace's label, so that no answer depends on a cache
// of namespaces that lags behind.
type Handler struct {
	// Mode is the value of the namespace's injection label that the API server calls the path for, or Unknown.
	Mode       string
	Injector   *inject.Injector
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
	account := association.ServiceAccount{Namespace: in.Namespace, Name: in.ServiceAccount()}
	in.Identities = h.Identities.Identities(account, inject.ApplicationContainers(in.Pod))
	if in.Identities.RoleARN == "" {
		in.Refused = h.Identities.Refusal(account)
	}
	if request.SubResource == ephemeralContainers {
		return h.updateEphemeralContainers(request, in)
	}
	return h.create(in)
}

func (h *Handler) create(in inject.Input) admission.Response {
	decision := h.Injector.Decide(in)
	operations := h.Injector.Patch(in, decision)
	h.Metrics.count(decision.Reason)
	fields := fieldsOf(in)
	fields["reason"], fields["status"] = decision.Reason, decision.Status
	fields["association"], fields["operations"] = in.Identities.Association, len(operations)
	h.Log.WithFields(fields).Info("admitted a pod")
	return admission.Patched(string(decision.Reason), operations...).WithWarnings(decision.Warnings...)
}

// ephemeralContainers is the subresource that `kubectl debug` updates.
const ephemeralContainers = "ephemeralcontainers"

func (h *Handler) updateEphemeralContainers(request *request, in inject.Input) admission.Response {
	operations, warnings := h.Injector.PatchEphemeralContainers(in, request.OldObject)
	fields := fieldsOf(in)
	fields["operations"] = len(operations)
	h.Log.WithFields(fields).Info("admitted ephemeral containers")
	return admission.Patched("", operations...).WithWarnings(warnings...)
}

// fieldsOf name the pod in the log. It has no name yet if a controller creates it.
func fieldsOf(in inject.Input) logrus.Fields {
	fields := logrus.Fields{"namespace": short(in.Namespace)}
	if in.Pod.Name == "" {
		fields["generateName"] = short(in.Pod.GenerateName)
	} else {
		fields["pod"] = short(in.Pod.Name)
	}
	return fields
}
