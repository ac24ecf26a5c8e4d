package preview

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	strictjson "sigs.k8s.io/json"
)

// object is one Kubernetes object that is no List.
type object struct {
	// Unstructured reads what every object has. What preview prints is made of raw, never of this.
	unstructured.Unstructured
	// pointer leads to the object from the beginning of its document (RFC 6901).
	pointer string
	raw     json.RawMessage
}

// title is the object's kind and name, or what its name will begin with.
func (o object) title() string {
	name := cmp.Or(o.GetName(), o.GetGenerateName())
	if name == "" {
		return o.GetKind()
	}
	return o.GetKind() + "/" + name
}

// is tells whether the object has this kind, in any version of this group.
func (o object) is(group, kind string) bool {
	return o.GroupVersionKind().Group == group && o.GetKind() == kind
}

// objectsOf returns the object, or those of a List, and what is wrong with any of them.
func objectsOf(raw json.RawMessage, pointer string) (objects []object, complaints []error) {
	o := object{pointer: pointer, raw: raw}
	if err := strictjson.UnmarshalCaseSensitivePreserveInts(raw, &o.Object); err != nil || o.Object == nil {
		return nil, []error{fmt.Errorf("%s is not an object: remove it, or write a Kubernetes object", noun(pointer))}
	}
	if o.GetKind() == "" || o.GetAPIVersion() == "" {
		return nil, []error{fmt.Errorf("%s has no apiVersion and kind: say by them what it is", noun(pointer))}
	}
	if !o.is("", "List") {
		return []object{o}, nil
	}
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := strictjson.UnmarshalCaseSensitivePreserveInts(raw, &list); err != nil {
		return nil, []error{fmt.Errorf("%s has items that are no list: write each after a dash", noun(pointer))}
	}
	for i, item := range list.Items {
		inner, wrong := objectsOf(item, pointer+"/items/"+strconv.Itoa(i))
		objects = append(objects, inner...)
		complaints = append(complaints, wrong...)
	}
	return objects, complaints
}

// noun names an object that has no name, by its place in its document.
func noun(pointer string) string {
	if pointer == "" {
		return "it"
	}
	return pointer
}
