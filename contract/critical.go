package contract

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A field of Identity with the tag `critical:"true"` restricts what a pod may do, where a sidecar that does not know it would grant
// more. The document names such fields, as JOSE does (RFC 7515, 4.1.11), and a sidecar that does not know one refuses the document.
const criticalTag = "critical"

// RestrictionError is that a document restricts its pod by fields that this version does not know.
type RestrictionError struct {
	// Fields are their names.
	Fields []string
}

func (e *RestrictionError) Error() string {
	return fmt.Sprintf("its association restricts this pod by %q, which the sidecar is too old to know: create the pod again", e.Fields)
}

// KnownCritical are the names of all critical fields that this version knows.
func KnownCritical() []string { return names(Identity{}, isCritical) }

// Critical are the names of the critical fields that restrict this identity.
func (id Identity) Critical() []string {
	return names(id, func(f reflect.StructField, v reflect.Value) bool { return isCritical(f, v) && !v.IsZero() })
}

// Fields are the names of all fields that are set.
func (id Identity) Fields() []string {
	return names(id, func(_ reflect.StructField, v reflect.Value) bool { return !v.IsZero() })
}

// Unknown are those of the critical fields that are not among known, or nil.
func Unknown(critical, known []string) []string {
	return slices.DeleteFunc(slices.Clone(critical), func(name string) bool { return slices.Contains(known, name) })
}

func isCritical(f reflect.StructField, _ reflect.Value) bool { return f.Tag.Get(criticalTag) == "true" }

// names are those that the fields of a struct have as JSON, as far as they are chosen.
func names(of any, chosen func(reflect.StructField, reflect.Value) bool) (all []string) {
	value := reflect.ValueOf(of)
	for field, v := range value.Fields() {
		if field.Tag.Get("json") != "-" && chosen(field, v) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			all = append(all, name)
		}
	}
	return all
}
