// Package objects reads what the commands of the plugin work with, from a cluster or from files.
package objects

import (
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// Associations as an argument of kubectl.
const Associations = "podidentityassociations.podidentity.dev"

// pageSize is how many objects one request lists, as kubectl does.
const pageSize = 500

// FromCluster lists all objects of a type, of all namespaces.
func FromCluster(getter genericclioptions.RESTClientGetter, resources string) ([]unstructured.Unstructured, error) {
	found, err := list(resource.NewBuilder(getter).Unstructured().AllNamespaces(true).ResourceTypes(resources).SelectAllParam(true).RequestChunksOf(pageSize))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", resources, err)
	}
	return found, nil
}

// FromFiles reads manifests; "-" is standard input.
func FromFiles(files []string) ([]unstructured.Unstructured, error) {
	found, err := list(resource.NewLocalBuilder().Unstructured().FilenameParam(false, &resource.FilenameOptions{Filenames: files}))
	if err != nil {
		return nil, fmt.Errorf("read the files: %w", err)
	}
	return found, nil
}

func list(builder *resource.Builder) ([]unstructured.Unstructured, error) {
	infos, err := builder.ContinueOnError().Flatten().Do().Infos()
	if err != nil {
		return nil, err
	}
	var all []unstructured.Unstructured
	for _, info := range infos {
		object, is := info.Object.(*unstructured.Unstructured)
		if !is {
			return nil, fmt.Errorf("%s is a %T", info.Name, info.Object)
		}
		all = append(all, *object)
	}
	return all, nil
}

// AssociationsAmong are the associations among the objects. The error names every one that is none by its fields.
func AssociationsAmong(all []unstructured.Unstructured) ([]v1alpha1.PodIdentityAssociation, error) {
	var associations []v1alpha1.PodIdentityAssociation
	var errs []error
	for _, object := range all {
		if object.GroupVersionKind() != v1alpha1.GroupVersion().WithKind("PodIdentityAssociation") {
			continue
		}
		var a v1alpha1.PodIdentityAssociation
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &a, true); err != nil {
			errs = append(errs, fmt.Errorf("PodIdentityAssociation %s: %w", object.GetName(), err))
			continue
		}
		a.TypeMeta = metav1.TypeMeta{}
		associations = append(associations, a)
	}
	return associations, errors.Join(errs...)
}
