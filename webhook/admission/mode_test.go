package admission_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/admission"
)

// namespaces has the labels of each namespace.
type namespaces map[string]map[string]string

func (n namespaces) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	meta, ok := object.(*metav1.PartialObjectMetadata)
	if !ok || meta.Kind != "Namespace" || meta.APIVersion != "v1" || key.Namespace != "" {
		return errors.New("this is not the metadata of a namespace")
	}
	labels, ok := n[key.Name]
	if !ok {
		return errors.New("not found")
	}
	meta.Labels = labels
	return nil
}

func (namespaces) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return errors.New("nothing is listed")
}

func TestTheLabelOfTheNamespaceIsRead(t *testing.T) {
	mode := admission.LabelMode(namespaces{"misspelt": {contract.LabelInject: "enable"}, "bare": nil})
	for name, test := range map[string]struct{ namespace, want, err string }{
		"a label is the mode":                       {"misspelt", "enable", ""},
		"a removed label is an empty mode":          {"bare", "", ""},
		"an error names the namespace that is gone": {"gone", "", "read the label podidentity.dev/inject of namespace gone: not found"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mode(t.Context(), test.namespace)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
