package preview

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	mergepatch "github.com/evanphx/json-patch/v5"
	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/webhook/inject"
)

// Placeholders stand for what only a cluster knows.
const (
	tokenPlaceholder  = "RANDOM-FOR-EACH-POD"
	authCAPlaceholder = "CA-CERTIFICATES-OF-THE-AUTH-SERVICE"
)

// outcome is what happens to an object.
type outcome struct {
	object

	status string
	// notes add to the status, one sentence each.
	notes []string
	// after is the object as admitted; it equals raw if nothing changes.
	after json.RawMessage
}

func (o outcome) changed() bool { return !bytes.Equal(o.raw, o.after) }

// admitAll returns the outcomes of each document's objects.
func admitAll(documents []document, state clusterState, settings inject.Settings) ([][]outcome, error) {
	injector := inject.NewInjector(settings)
	all := make([][]outcome, len(documents))
	var errs []error
	for i, d := range documents {
		for _, o := range d.objects {
			admitted, err := admit(o, state, injector)
			if err != nil {
				errs = append(errs, d.errorf("%s: %w", o.title(), err))
				continue
			}
			all[i] = append(all[i], admitted)
		}
	}
	return all, errors.Join(errs...)
}

// admit does to one object what the webhook would do to its pods.
func admit(o object, state clusterState, injector *inject.Injector) (outcome, error) {
	result := outcome{object: o, after: o.raw}
	if state.includes(o) {
		result.status = state.describe(o)
		return result, nil
	}
	path, hasPod := podPath(o)
	if !hasPod {
		result.status = "unchanged: it is not a pod or a workload that preview knows"
		return result, nil
	}
	pod, hasMetadata, err := podOf(o, path)
	if err != nil {
		return outcome{}, err
	}
	in, notCalled := state.input(pod, state.namespaceOf(o))
	if notCalled != "" {
		result.status = "unchanged: the webhook is not called: " + notCalled
		return result, nil
	}
	decision := injector.Decide(in)
	operations := injector.Patch(in, decision)
	if !hasMetadata {
		operations = append([]jsonpatch.Operation{jsonpatch.NewOperation("add", "/metadata", struct{}{})}, operations...)
	}
	result.status, result.notes = decision.Status, notes(in, decision)
	result.after, err = apply(o.raw, pointerTo(path), operations)
	return result, err
}

// input is what the webhook would decide about; or else notCalled says why it is not called.
func (s clusterState) input(pod *corev1.Pod, namespace string) (in inject.Input, notCalled string) {
	label, labelled := s.label(namespace)
	if notCalled := whyNotCalled(pod, namespace, labelled); notCalled != "" {
		return inject.Input{}, notCalled
	}
	in = inject.Input{
		Pod: pod, Namespace: namespace, Mode: label, AuthCA: authCAPlaceholder, Rules: s.rules[namespace], Token: tokenPlaceholder,
	}
	account := association.ServiceAccount{Namespace: namespace, Name: in.ServiceAccount()}
	in.Identities = s.identities.Identities(account, inject.ApplicationContainers(pod))
	in.Refused = s.identities.Refusal(account)
	return in, ""
}

// notes say which identity the pod gets, and what its creator is warned of.
func notes(in inject.Input, decision inject.Decision) []string {
	var all []string
	for _, identity := range in.Identities.All() {
		if !decision.Injects() {
			break
		}
		source := "association " + identity.Association
		if identity.Association == "" {
			source = "an annotation"
		}
		receiver := fmt.Sprintf("service account %s/%s", in.Namespace, in.ServiceAccount())
		if identity.Container != "" {
			receiver = fmt.Sprintf("container %s of %s", identity.Container, receiver)
		}
		all = append(all, fmt.Sprintf("%s gives %s to %s", source, identity.RoleARN, receiver))
	}
	for _, warning := range decision.Warnings {
		all = append(all, "warning: "+warning)
	}
	return all
}

func pointerTo(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return "/" + strings.Join(path, "/")
}

// apply applies the operations, as the API server would, to what the pointer leads to in raw.
func apply(raw json.RawMessage, pointer string, operations []jsonpatch.Operation) (json.RawMessage, error) {
	if len(operations) == 0 {
		return raw, nil
	}
	located := make([]jsonpatch.Operation, len(operations))
	for i, operation := range operations {
		located[i] = jsonpatch.NewOperation(operation.Operation, pointer+operation.Path, operation.Value)
	}
	text, err := json.Marshal(located)
	if err != nil {
		return nil, fmt.Errorf("write the patch: %w", err)
	}
	patch, err := mergepatch.DecodePatch(text)
	if err != nil {
		return nil, fmt.Errorf("read the patch: %w", err)
	}
	options := mergepatch.NewApplyOptions()
	options.EscapeHTML = false
	patched, err := patch.ApplyWithOptions(raw, options)
	if err != nil {
		return nil, fmt.Errorf("its pod cannot be injected: %w: write every container and field as Kubernetes has it", err)
	}
	return patched, nil
}
