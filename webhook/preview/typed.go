package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	strictjson "sigs.k8s.io/json"
)

// readTyped reads an object as the API server does: it minds the case of names, and leaves out what it does not know.
func readTyped(raw json.RawMessage, into any) error {
	return worded(strictjson.UnmarshalCaseSensitivePreserveInts(raw, into))
}

// worded says without words of Go what cannot be read, and what to do.
func worded(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &mismatch):
		return fmt.Errorf("it cannot be read: %w: correct that value", err)
	case mismatch.Type.Kind() == reflect.String && mismatch.Value != "object" && mismatch.Value != "array":
		return fmt.Errorf("%s has a %s where a text belongs: put it in quotes", mismatch.Field, mismatch.Value)
	}
	return fmt.Errorf("%s has the wrong type, %s: make it %s", mismatch.Field, mismatch.Value, nameOf(mismatch.Type))
}

func nameOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	default:
		return "a number"
	}
}
