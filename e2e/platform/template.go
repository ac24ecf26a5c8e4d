package platform

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
)

// ApplyTemplate applies a file of the suite's testdata, which is a template.
func (e *Env) ApplyTemplate(t *testing.T, file string, values any) {
	t.Helper()
	text, err := Render(file, values)
	if err != nil {
		t.Fatal(err)
	}
	e.DoWith(t, text, "apply", "-f", "-")
}

// Render is the text of a file of the suite's testdata, which is a template.
func Render(file string, values any) (string, error) {
	parsed, err := template.ParseFiles(filepath.Join("testdata", file))
	if err != nil {
		return "", fmt.Errorf("read the template: %w", err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, values); err != nil {
		return "", fmt.Errorf("fill in the template: %w", err)
	}
	return text.String(), nil
}
