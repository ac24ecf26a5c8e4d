package preview

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// surroundings are what a cluster would know besides the pod: the associations, the roles that service accounts name
// themselves, and the labels of namespaces.
type surroundings struct {
	identities *association.Index
	// irsa is whether such roles count.
	irsa       bool
	namespaces map[string]corev1.Namespace
	// namespace and mode stand in for what the objects leave open.
	namespace, mode string
}

// survey reads the surroundings from the documents.
func survey(documents []document, settings Settings) (surroundings, error) {
	s := surroundings{
		identities: association.NewIndex(),
		irsa:       settings.IRSA,
		namespaces: map[string]corev1.Namespace{},
		namespace:  settings.Namespace,
		mode:       settings.Mode,
	}
	var complaints []error
	first := map[string]string{}
	for _, d := range documents {
		for _, o := range d.objects {
			if !s.concerns(o) {
				continue
			}
			key := s.namespaceOf(o) + "/" + o.title()
			if place, twice := first[key]; twice {
				complaints = append(complaints, d.complain("%s: it is in %s already: remove one of the two", o.title(), place))
				continue
			}
			first[key] = d.place()
			for _, err := range s.learn(o) {
				complaints = append(complaints, d.complain("%s: %w", o.title(), err))
			}
		}
	}
	return s, errors.Join(complaints...)
}

func isAssociation(o object) bool { return o.is(contract.Domain, "PodIdentityAssociation") }

func isNamespace(o object) bool { return o.is("", "Namespace") }

// roleOf is the role that an object names itself, as service accounts do for IRSA, or "".
func roleOf(o object) string {
	if !o.is("", "ServiceAccount") {
		return ""
	}
	return o.GetAnnotations()[contract.AnnotationRoleARN]
}

// concerns tells whether the object is a part of the surroundings.
func (s surroundings) concerns(o object) bool {
	return isAssociation(o) || isNamespace(o) || s.irsa && roleOf(o) != ""
}

func (s surroundings) learn(o object) []error {
	if isNamespace(o) {
		return s.learnNamespace(o)
	}
	if role := roleOf(o); role != "" {
		s.identities.SetRole(association.ServiceAccount{Namespace: s.namespaceOf(o), Name: o.GetName()}, role)
		return nil
	}
	a := new(v1alpha1.PodIdentityAssociation)
	if complaints := readStrictly(o, a); len(complaints) > 0 {
		return complaints
	}
	if err := s.identities.Set(a); err != nil {
		return []error{fmt.Errorf("%w: correct it", err)}
	}
	return nil
}

func (s surroundings) learnNamespace(o object) []error {
	var namespace corev1.Namespace
	if err := readTyped(o.raw, &namespace); err != nil {
		return []error{err}
	}
	s.namespaces[namespace.Name] = namespace
	return nil
}

// namespaceOf is where a pod of the object would be.
func (s surroundings) namespaceOf(o object) string {
	if namespace := o.GetNamespace(); namespace != "" {
		return namespace
	}
	return s.namespace
}

// label is the injection label of a namespace; ok is false where it has none.
func (s surroundings) label(namespace string) (value string, ok bool) {
	given, known := s.namespaces[namespace]
	if !known {
		return s.mode, true
	}
	value, ok = given.Labels[contract.LabelInject]
	return value, ok
}

// describe says what the surroundings make of an object that concerns them.
func (s surroundings) describe(o object) string {
	if isAssociation(o) {
		return "read"
	}
	if roleOf(o) != "" {
		return "read: its annotation " + contract.AnnotationRoleARN + " counts where no association does"
	}
	value, labelled := s.label(o.GetName())
	if !labelled {
		return "read: it has no label " + contract.LabelInject
	}
	return fmt.Sprintf("read: its label %s is %q", contract.LabelInject, value)
}
