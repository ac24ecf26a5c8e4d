package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	strictjson "sigs.k8s.io/json"
)

// decode reads an object as the API server does: field names are case-sensitive, unknown ones are ignored.
func decode(raw json.RawMessage, into any) error {
	return explain(strictjson.UnmarshalCaseSensitivePreserveInts(raw, into))
}

// explain says in terms of YAML, not of Go, what is wrong and what to do.
func explain(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &mismatch):
		return fmt.Errorf("it cannot be read: %w: correct that value", err)
	case mismatch.Type.Kind() == reflect.String && mismatch.Value != "object" && mismatch.Value != "array":
		return fmt.Errorf("%s has a %s where a string belongs: put it in quotes", mismatch.Field, mismatch.Value)
	}
	return fmt.Errorf("%s has the wrong type, %s: make it %s", mismatch.Field, mismatch.Value, typeName(mismatch.Type))
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	default:
		return "a number"
	}
}
