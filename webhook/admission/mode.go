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

// Always is the mode of a handler that the API server calls for one value of the label alone.
func Always(value string) Mode {
	return func(context.Context, string) (string, error) { return value, nil }
}

// Labelled reads the label of the namespace, to name a value that is not legal. The reader should be live: such
// namespaces are too few for a cache.
func Labelled(reader client.Reader) Mode {
	return func(ctx context.Context, namespace string) (string, error) {
		var object metav1.PartialObjectMetadata
		object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		if err := reader.Get(ctx, types.NamespacedName{Name: namespace}, &object); err != nil {
			return "", fmt.Errorf("read the label %s of namespace %s: %w", contract.LabelInject, namespace, err)
		}
		return object.Labels[contract.LabelInject], nil
	}
}
