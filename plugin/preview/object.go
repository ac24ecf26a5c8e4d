package preview

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	strictjson "sigs.k8s.io/json"
)

// object is one Kubernetes object that is not a List.
type object struct {
	// Unstructured gives access to the common fields. What preview prints comes from raw, never from this.
	unstructured.Unstructured
	// pointer leads to the object from the beginning of its document (RFC 6901).
	pointer string
	raw     json.RawMessage
}

// title is the object's kind and its name or generateName.
func (o object) title() string {
	name := cmp.Or(o.GetName(), o.GetGenerateName())
	if name == "" {
		return o.GetKind()
	}
	return o.GetKind() + "/" + name
}

// is reports whether the object has this kind, in any version of this group.
func (o object) is(group, kind string) bool {
	return o.GroupVersionKind().Group == group && o.GetKind() == kind
}

// readObjects returns the object, or those of a List, and the errors of those that cannot be read.
func readObjects(raw json.RawMessage, pointer string) (objects []object, errs []error) {
	o := object{pointer: pointer, raw: raw}
	if err := strictjson.UnmarshalCaseSensitivePreserveInts(raw, &o.Object); err != nil || o.Object == nil {
		return nil, []error{fmt.Errorf("%s is not an object: remove it, or write a Kubernetes object", describe(pointer))}
	}
	if o.GetKind() == "" || o.GetAPIVersion() == "" {
		return nil, []error{fmt.Errorf("%s has no apiVersion or no kind: set both", describe(pointer))}
	}
	if !o.is("", "List") {
		return []object{o}, nil
	}
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := strictjson.UnmarshalCaseSensitivePreserveInts(raw, &list); err != nil {
		return nil, []error{fmt.Errorf("%s has items that are not a list: write each after a dash", describe(pointer))}
	}
	for i, item := range list.Items {
		inner, innerErrs := readObjects(item, pointer+"/items/"+strconv.Itoa(i))
		objects = append(objects, inner...)
		errs = append(errs, innerErrs...)
	}
	return objects, errs
}

// describe names an object that may have no name, by its pointer.
func describe(pointer string) string {
	if pointer == "" {
		return "it"
	}
	return pointer
}
