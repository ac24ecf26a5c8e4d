package preview

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"gomodules.xyz/jsonpatch/v2"
	"sigs.k8s.io/yaml"
)

// summary has one line for each outcome and each note.
func summary(outcomes [][]outcome) string {
	var b strings.Builder
	for _, ofDocument := range outcomes {
		for _, o := range ofDocument {
			b.WriteString(o.title() + ": " + o.status + "\n")
			for _, note := range o.notes {
				b.WriteString(o.title() + ": " + note + "\n")
			}
		}
	}
	return b.String()
}

// printObjects returns all documents, unchanged ones exactly as they were written.
func printObjects(documents []document, outcomes [][]outcome) (string, error) {
	var b strings.Builder
	var errs []error
	for i, d := range documents {
		text, err := patchDocument(d, outcomes[i])
		if err != nil {
			errs = append(errs, d.errorf("%w", err))
			continue
		}
		// Objects in JSON may follow each other as they are.
		if i > 0 && (!d.isJSON || !documents[i-1].isJSON) {
			b.WriteString("---\n")
		}
		b.WriteString(text)
	}
	return b.String(), errors.Join(errs...)
}

// patchDocument returns one document with all changes to its objects.
func patchDocument(d document, outcomes []outcome) (string, error) {
	raw := d.raw
	for _, o := range outcomes {
		if !o.changed() {
			continue
		}
		if o.pointer == "" {
			raw = o.after
			continue
		}
		var err error
		if raw, err = apply(raw, o.pointer, []jsonpatch.Operation{jsonpatch.NewOperation("replace", "", o.after)}); err != nil {
			return "", err
		}
	}
	if bytes.Equal(raw, d.raw) {
		return strings.Trim(string(d.text), "\n") + "\n", nil
	}
	return render(raw, d.isJSON)
}

// printDiff returns the difference for each changed object.
func printDiff(documents []document, outcomes [][]outcome) (string, error) {
	var b strings.Builder
	var errs []error
	for i, d := range documents {
		for _, o := range outcomes[i] {
			if !o.changed() {
				continue
			}
			before, err := render(o.raw, d.isJSON)
			after, errAfter := render(o.after, d.isJSON)
			if err := errors.Join(err, errAfter); err != nil {
				errs = append(errs, d.errorf("%s: %w", o.title(), err))
				continue
			}
			// The first line is the diff command for two files, which do not exist here.
			text := diff.Diff(o.title()+" in "+d.position(), []byte(before), o.title()+" as admitted", []byte(after))
			_, text, _ = bytes.Cut(text, []byte("\n"))
			b.Write(text)
		}
	}
	return b.String(), errors.Join(errs...)
}

// render writes an object in the format of its document.
func render(raw json.RawMessage, isJSON bool) (string, error) {
	if isJSON {
		var b bytes.Buffer
		err := json.Indent(&b, raw, "", "  ")
		return b.String() + "\n", err
	}
	text, err := yaml.JSONToYAML(raw)
	return string(text), err
}
