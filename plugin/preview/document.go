package preview

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	strictjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// document is one object as it was written; if that is a List, it contains others.
type document struct {
	source string
	number int
	// text is the original, in YAML or JSON; raw is the same in JSON.
	text    []byte
	isJSON  bool
	raw     json.RawMessage
	objects []object
}

// position tells people where to find the document.
func (d document) position() string { return fmt.Sprintf("%s, document %d", d.source, d.number) }

// errorf is an error that names the document.
func (d document) errorf(format string, values ...any) error {
	return fmt.Errorf(d.position()+": "+format, values...)
}

// parse returns the documents that can be read, and the errors of the others.
func parse(sources []source) ([]document, error) {
	var documents []document
	var errs []error
	for _, s := range sources {
		parsed, err := parseSource(s)
		documents = append(documents, parsed...)
		errs = append(errs, err)
	}
	return documents, errors.Join(errs...)
}

func parseSource(s source) ([]document, error) {
	var documents []document
	var errs []error
	number := 0
	// Editors on Windows begin files with a byte order mark.
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(s.text, []byte("\ufeff")))))
	for {
		chunk, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, errors.Join(errs...)
		}
		if err != nil {
			unsplit := document{source: s.name, number: number + 1}
			return documents, errors.Join(append(errs, unsplit.errorf("%w: write --- on a line of its own between documents", err))...)
		}
		for _, text := range split(chunk) {
			d := document{source: s.name, number: number + 1, text: text, isJSON: text[0] == '{' && json.Valid(text)}
			errs = append(errs, d.read())
			if d.empty() {
				continue
			}
			number++
			documents = append(documents, d)
		}
	}
}

// split returns the objects between two separators: in JSON there may be several in a row.
func split(chunk []byte) [][]byte {
	var texts [][]byte
	decoder := json.NewDecoder(bytes.NewReader(chunk))
	for {
		var text json.RawMessage
		err := decoder.Decode(&text)
		if errors.Is(err, io.EOF) && len(texts) > 0 {
			return texts
		}
		if err != nil || text[0] != '{' {
			return [][]byte{chunk}
		}
		texts = append(texts, text)
	}
}

// empty reports whether a document has nothing but comments.
func (d *document) empty() bool { return string(d.raw) == "null" }

// read fills in raw and objects from the text.
func (d *document) read() error {
	d.raw = d.text
	if !d.isJSON {
		var err error
		if d.raw, err = yaml.YAMLToJSONStrict(d.text); err != nil {
			return d.errorf("it is neither YAML nor JSON: %s: correct that line, counted from the start of the document", cleanYAMLError(err))
		}
	}
	if d.empty() {
		return nil
	}
	var content map[string]any
	duplicates, err := strictjson.UnmarshalStrict(d.raw, &content, strictjson.DisallowDuplicateFields)
	if err != nil {
		return d.errorf("it is not an object: write one Kubernetes object in each document")
	}
	if len(duplicates) > 0 {
		return d.errorf("%w: remove all of them but one", errors.Join(duplicates...))
	}
	var errs []error
	d.objects, errs = readObjects(d.raw, "")
	for i, err := range errs {
		errs[i] = d.errorf("%w", err)
	}
	return errors.Join(errs...)
}

// cleanYAMLError removes the noise from an error of the YAML library and puts it on one line.
func cleanYAMLError(err error) string {
	text := strings.NewReplacer("error converting YAML to JSON: ", "", "yaml: ", "", "unmarshal errors:\n", "").Replace(err.Error())
	return strings.Join(strings.Fields(text), " ")
}
