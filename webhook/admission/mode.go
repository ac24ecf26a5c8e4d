package admission

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// Mode tells the value of the injection label of a namespace.
type Mode func(ctx context.Context, namespace string) (string, error)

// FixedMode is for a path that the API server calls for one value of the label alone.
func FixedMode(value string) Mode {
	return func(context.Context, string) (string, error) { return value, nil }
}

// LabelMode reads the label of the namespace, to quote an invalid value. The reader should not be a cache: such namespaces
// are too rare for one.
func LabelMode(reader client.Reader) Mode {
	return func(ctx context.Context, namespace string) (string, error) {
		var object metav1.PartialObjectMetadata
		object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		if err := reader.Get(ctx, types.NamespacedName{Name: namespace}, &object); err != nil {
			return "", fmt.Errorf("read the label %s of namespace %s: %w", contract.LabelInject, namespace, err)
		}
		return object.Labels[contract.LabelInject], nil
	}
}
