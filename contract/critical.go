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
func KnownCritical() []string { return names(reflect.ValueOf(Identities{}), isCritical) }

// Critical are the names of the critical fields that restrict these identities.
func (ids *Identities) Critical() []string {
	all := setNames(reflect.ValueOf(ids).Elem(), isCritical)
	for i := range ids.Containers {
		all = append(all, setNames(reflect.ValueOf(&ids.Containers[i]).Elem(), isCritical)...)
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
	return names(reflect.ValueOf(Identities{}), isAny)
}

// Fields are the names of all fields that are set.
func (ids Identities) Fields() []string {
	return setNames(reflect.ValueOf(ids), isAny)
}

// Unknown are those of the critical fields that are not among known, or nil.
func Unknown(critical, known []string) []string {
	return slices.DeleteFunc(slices.Clone(critical), func(name string) bool { return slices.Contains(known, name) })
}

func isCritical(f reflect.StructField) bool { return f.Tag.Get(criticalTag) == "true" }

func isAny(reflect.StructField) bool { return true }

// names are those that the fields of a struct have as JSON, as far as they are chosen.
func names(of reflect.Value, chosen func(reflect.StructField) bool) []string {
	return namesIn(of, func(reflect.Value) bool { return true }, chosen)
}

// setNames are names of the fields that are set.
func setNames(of reflect.Value, chosen func(reflect.StructField) bool) []string {
	return namesIn(of, isSet, chosen)
}

// namesIn looks at values first, which allocates nothing: the leading replica asks for the critical fields of each pod at each of its changes.
func namesIn(of reflect.Value, counts func(reflect.Value) bool, chosen func(reflect.StructField) bool) (all []string) {
	for i := range of.NumField() {
		v := of.Field(i)
		if !counts(v) {
			continue
		}
		field := of.Type().Field(i)
		switch {
		case field.Anonymous:
			all = append(all, namesIn(v, counts, chosen)...)
		case field.Tag.Get("json") != "-" && chosen(field):
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			all = append(all, name)
		}
	}
	return all
}
