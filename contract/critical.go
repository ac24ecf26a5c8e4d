package contract

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A field of Identities with the tag `critical:"true"` restricts what a pod may do, where a sidecar that does not know it would grant
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
func KnownCritical() []string { return names(Identities{}, isCritical) }

// Critical are the names of the critical fields that restrict these identities.
func (ids Identities) Critical() []string {
	set := func(f reflect.StructField, v reflect.Value) bool { return isCritical(f, v) && isSet(v) }
	all := names(ids, set)
	for _, own := range ids.Containers {
		all = append(all, names(own, set)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func isSet(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.Len() > 0
	}
	return !v.IsZero()
}

// allFields are the names of all fields of a document.
func allFields() []string {
	return names(Identities{}, func(reflect.StructField, reflect.Value) bool { return true })
}

// Fields are the names of all fields that are set.
func (ids Identities) Fields() []string {
	return names(ids, func(_ reflect.StructField, v reflect.Value) bool { return isSet(v) })
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
		switch {
		case field.Anonymous:
			all = append(all, names(v.Interface(), chosen)...)
		case field.Tag.Get("json") != "-" && chosen(field, v):
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			all = append(all, name)
		}
	}
	return all
}
