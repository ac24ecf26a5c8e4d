package admission

import (
	"errors"
	"strings"
)

const (
	// maxNameLength is the length of the longest name in Kubernetes, and maxErrorLength that of an error. What is longer is cut in
	// logs and answers.
	maxNameLength, maxErrorLength = 253, 1000
)

// short is a name that the log can show: admission comes before validation.
func short(name string) string { return cut(name, maxNameLength) }

// shortError is an error that does not repeat a whole review.
func shortError(err error) error {
	if len(err.Error()) <= maxErrorLength {
		return err
	}
	return errors.New(cut(err.Error(), maxErrorLength))
}

func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return strings.ToValidUTF8(text[:length], "") + "..."
}
