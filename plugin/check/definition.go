package check

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
)

const definitionCheck = "definition"

// readDefinition is nil where there is none.
func readDefinition(ctx context.Context, c client.Reader) (*unstructured.Unstructured, error) {
	var definition unstructured.Unstructured
	definition.SetAPIVersion("apiextensions.k8s.io/v1")
	definition.SetKind("CustomResourceDefinition")
	err := c.Get(ctx, client.ObjectKey{Name: association.DefinitionName}, &definition)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read CustomResourceDefinition %s: %w", association.DefinitionName, err)
	}
	return &definition, nil
}

// definitionFindings are about the definition of associations, nil where there is none.
func definitionFindings(definition *unstructured.Unstructured) []Finding {
	const remedy = "kubectl apply --filename manifests/base/crd, and within ten minutes the associations: docs/reference.md#a-deleted-definition"
	switch {
	case definition == nil:
		return []Finding{wrong(definitionCheck, remedy, "the CustomResourceDefinition of associations is not there, nor is any association; running replicas go by those that they knew")}
	case definition.GetDeletionTimestamp() != nil:
		return []Finding{wrong(definitionCheck, remedy, "the CustomResourceDefinition of associations is being deleted, and every association with it")}
	case !established(definition):
		return []Finding{wrong(definitionCheck, "kubectl describe crd "+association.DefinitionName, "the API server does not serve associations yet")}
	}
	return []Finding{ok(definitionCheck, "the API server serves associations")}
}

func established(definition *unstructured.Unstructured) bool {
	conditions, _, err := unstructured.NestedSlice(definition.Object, "status", "conditions")
	if err != nil {
		return false
	}
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if condition["type"] == "Established" {
			return condition["status"] == "True"
		}
	}
	return false
}
