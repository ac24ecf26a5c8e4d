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
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// What only a cluster knows is shown as this.
const (
	// placeholder stands for the authorization token that the webhook draws for each pod that asks for one.
	placeholder = "DRAWN-AT-RANDOM-FOR-EACH-POD"
	// placeholderCA stands for the authorities of the auth service.
	placeholderCA = "CERTIFICATES-OF-THE-AUTH-SERVICE"
)

// outcome is what becomes of an object.
type outcome struct {
	title  string
	status string
	// notes say more, a sentence each.
	notes []string
	// before and after are the object; they are equal where nothing changes.
	before, after json.RawMessage
	pointer       string
}

func (o outcome) changed() bool { return !bytes.Equal(o.before, o.after) }

// admitAll returns the outcomes of each document's objects.
func admitAll(documents []document, s surroundings, settings inject.Settings) ([][]outcome, error) {
	all := make([][]outcome, len(documents))
	var complaints []error
	for i, d := range documents {
		for _, o := range d.objects {
			admitted, err := admit(o, s, settings)
			if err != nil {
				complaints = append(complaints, d.complain("%s: %w", o.title(), err))
				continue
			}
			all[i] = append(all[i], admitted)
		}
	}
	return all, errors.Join(complaints...)
}

// admit does to one object what the cluster would do to its pods.
func admit(o object, s surroundings, settings inject.Settings) (outcome, error) {
	result := outcome{title: o.title(), before: o.raw, after: o.raw, pointer: o.pointer}
	if s.concerns(o) {
		result.status = s.describe(o)
		return result, nil
	}
	path, hasPod := podPath(o)
	if !hasPod {
		result.status = "unchanged: it is no pod or workload that preview knows"
		return result, nil
	}
	pod, hasMetadata, err := podOf(o, path)
	if err != nil {
		return outcome{}, err
	}
	subject, why := s.subject(pod, s.namespaceOf(o))
	if why != "" {
		result.status = "unchanged: the webhook is not called: " + why
		return result, nil
	}
	verdict := inject.Decide(subject, settings)
	operations := inject.Patch(subject, verdict, settings)
	if !hasMetadata {
		operations = append([]jsonpatch.Operation{jsonpatch.NewOperation("add", "/metadata", struct{}{})}, operations...)
	}
	result.status, result.notes = verdict.Status, notes(subject, verdict)
	result.after, err = apply(o.raw, pointerTo(path), operations)
	return result, err
}

// subject is what the webhook would judge; where it is not called, why says for what reason.
func (s surroundings) subject(pod *corev1.Pod, namespace string) (subject inject.Input, why string) {
	label, labelled := s.label(namespace)
	if why := notCalled(pod, namespace, labelled); why != "" {
		return inject.Input{}, why
	}
	subject = inject.Input{Pod: pod, Namespace: namespace, Mode: label, AuthCA: placeholderCA, Token: placeholder}
	subject.Identity, subject.Associated = s.identities.Identity(association.ServiceAccount{
		Namespace: namespace,
		Name:      subject.ServiceAccount(),
	})
	return subject, ""
}

// notes say which identity the pod gets, and what whoever creates it is warned of.
func notes(subject inject.Input, verdict inject.Decision) []string {
	var all []string
	if verdict.Injects() && subject.Associated {
		source := "association " + subject.Identity.Association
		if subject.Identity.Association == "" {
			source = "the annotation " + contract.AnnotationRoleARN
		}
		all = append(all, fmt.Sprintf("%s gives %s to service account %s/%s",
			source, subject.Identity.RoleARN, subject.Namespace, subject.ServiceAccount()))
	}
	for _, warning := range verdict.Warnings {
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

// apply does what the API server does with the operations of the webhook, at a place inside of raw.
func apply(raw json.RawMessage, place string, operations []jsonpatch.Operation) (json.RawMessage, error) {
	if len(operations) == 0 {
		return raw, nil
	}
	placed := make([]jsonpatch.Operation, len(operations))
	for i, operation := range operations {
		placed[i] = jsonpatch.NewOperation(operation.Operation, place+operation.Path, operation.Value)
	}
	text, err := json.Marshal(placed)
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
		return nil, fmt.Errorf("its pod cannot be injected: %w: give every container and field what it has in Kubernetes", err)
	}
	return patched, nil
}
