package preview

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/inject"
)

// clusterState is what a cluster would know besides the pod: associations, the roles that service accounts name, the labels and bounds of
// namespaces, LimitRanges and ResourceQuotas.
type clusterState struct {
	identities  *association.Index
	annotations association.Annotations
	namespaces  map[string]corev1.Namespace
	// rules are what LimitRanges and ResourceQuotas demand, by namespace.
	rules map[string]inject.Rules
	// namespace and mode are the defaults for objects without a namespace, and for namespaces that are not given.
	namespace, mode string
}

// collect reads the state from the documents.
func collect(documents []document, settings Settings) (clusterState, error) {
	state := clusterState{
		identities:  association.NewIndex(),
		annotations: config.Config{IRSA: settings.IRSA, Injection: settings.Injection}.Annotations(),
		namespaces:  map[string]corev1.Namespace{},
		rules:       map[string]inject.Rules{},
		namespace:   settings.Namespace,
		mode:        settings.Mode,
	}
	var errs []error
	first := map[string]string{}
	for _, d := range documents {
		for _, o := range d.objects {
			if !state.includes(o) {
				continue
			}
			key := state.namespaceOf(o) + "/" + o.title()
			if position, duplicate := first[key]; duplicate {
				errs = append(errs, d.errorf("%s: it is in %s already: remove one of the two", o.title(), position))
				continue
			}
			first[key] = d.position()
			for _, err := range state.add(o) {
				errs = append(errs, d.errorf("%s: %w", o.title(), err))
			}
		}
	}
	return state, errors.Join(errs...)
}

func isAssociation(o object) bool { return o.is(contract.Domain, "PodIdentityAssociation") }

func isNamespace(o object) bool { return o.is("", "Namespace") }

func isRule(o object) bool { return o.is("", "LimitRange") || o.is("", "ResourceQuota") }

// namesRole reports whether the object is a service account that names a role.
func namesRole(o object) bool {
	return o.is("", "ServiceAccount") && association.ChoiceOf(o.GetAnnotations(), "") != association.Choice{}
}

// includes reports whether the object is part of the state.
func (s clusterState) includes(o object) bool {
	return isAssociation(o) || isNamespace(o) || isRule(o) || namesRole(o)
}

func (s clusterState) add(o object) []error {
	if isNamespace(o) {
		return s.addNamespace(o)
	}
	if isRule(o) {
		return s.addRule(o)
	}
	if namesRole(o) {
		s.identities.SetAnnotations(association.ServiceAccount{Namespace: s.namespaceOf(o), Name: o.GetName()}, o.GetAnnotations(), "", s.annotations)
		return nil
	}
	a, errs := readAssociation(o)
	if len(errs) > 0 {
		return errs
	}
	if err := s.identities.Set(a); err != nil {
		return []error{fmt.Errorf("%w: correct it", err)}
	}
	return nil
}

func (s clusterState) addNamespace(o object) []error {
	var namespace corev1.Namespace
	if err := decode(o.raw, &namespace); err != nil {
		return []error{err}
	}
	s.namespaces[namespace.Name] = namespace
	s.identities.SetBounds(namespace.Name, namespace.Annotations, "")
	return nil
}

func (s clusterState) addRule(o object) []error {
	var limitRange corev1.LimitRange
	var quota corev1.ResourceQuota
	var into any = &limitRange
	if o.is("", "ResourceQuota") {
		into = &quota
	}
	if err := decode(o.raw, into); err != nil {
		return []error{err}
	}
	rules := s.rules[s.namespaceOf(o)]
	rules.LimitRanges = append(rules.LimitRanges, limitRange.Spec.Limits...)
	rules.Quotas = append(rules.Quotas, inject.QuotasOf(&quota)...)
	s.rules[s.namespaceOf(o)] = rules
	return nil
}

// namespaceOf is the namespace of a pod of the object.
func (s clusterState) namespaceOf(o object) string {
	if namespace := o.GetNamespace(); namespace != "" {
		return namespace
	}
	return s.namespace
}

// label is the injection label of a namespace; ok is false if it has none.
func (s clusterState) label(namespace string) (value string, ok bool) {
	given, known := s.namespaces[namespace]
	if !known {
		return s.mode, true
	}
	value, ok = given.Labels[contract.LabelInject]
	return value, ok
}

// describe says what an object adds to the state.
func (s clusterState) describe(o object) string {
	if isAssociation(o) || isRule(o) {
		return "read"
	}
	if namesRole(o) && s.annotations == association.BoundedAnnotations {
		return "read: its annotation counts if no association does, and only within what its namespace allows"
	}
	if namesRole(o) {
		return "read: its annotation counts if no association does, within what its namespace allows"
	}
	value, labelled := s.label(o.GetName())
	if !labelled {
		return "read: it has no label " + contract.LabelInject
	}
	return fmt.Sprintf("read: its label %s is %q", contract.LabelInject, value)
}
