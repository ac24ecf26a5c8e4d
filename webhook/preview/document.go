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

// document is one object as somebody wrote it; a List has others in it.
type document struct {
	source string
	number int
	// text is the document as it was written, in JSON or else in YAML; raw is the same in JSON.
	text    []byte
	isJSON  bool
	raw     json.RawMessage
	objects []object
}

// place is where people find the document.
func (d document) place() string { return fmt.Sprintf("%s, document %d", d.source, d.number) }

// complain words what is wrong with the document, or with a part of it.
func (d document) complain(about string, values ...any) error {
	return fmt.Errorf(d.place()+": "+about, values...)
}

// parse returns the documents of all sources that can be read, and complaints about the others.
func parse(sources []source) ([]document, error) {
	var documents []document
	var complaints []error
	for _, s := range sources {
		parsed, err := parseSource(s)
		documents = append(documents, parsed...)
		complaints = append(complaints, err)
	}
	return documents, errors.Join(complaints...)
}

func parseSource(s source) ([]document, error) {
	var documents []document
	var complaints []error
	number := 0
	// Editors of Windows begin a file with a byte order mark.
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(s.text, []byte("\ufeff")))))
	for {
		chunk, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, errors.Join(complaints...)
		}
		if err != nil {
			unsplit := document{source: s.name, number: number + 1}
			return documents, errors.Join(append(complaints, unsplit.complain("%w: write --- on a line of its own between documents", err))...)
		}
		for _, text := range split(chunk) {
			d := document{source: s.name, number: number + 1, text: text, isJSON: text[0] == '{' && json.Valid(text)}
			complaints = append(complaints, d.read())
			if d.empty() {
				continue
			}
			number++
			documents = append(documents, d)
		}
	}
}

// split parts what stands between two separators, which in JSON may be several objects in a row.
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

// empty tells that a document has at most comments.
func (d *document) empty() bool { return string(d.raw) == "null" }

// read fills in what follows from the text.
func (d *document) read() error {
	d.raw = d.text
	if !d.isJSON {
		var err error
		if d.raw, err = yaml.YAMLToJSONStrict(d.text); err != nil {
			return d.complain("it is neither YAML nor JSON: %s: correct that line, counted from where the document begins", plainly(err))
		}
	}
	if d.empty() {
		return nil
	}
	var content map[string]any
	doubles, err := strictjson.UnmarshalStrict(d.raw, &content, strictjson.DisallowDuplicateFields)
	if err != nil {
		return d.complain("it is not an object: write one Kubernetes object in each document")
	}
	if len(doubles) > 0 {
		return d.complain("%w: remove all of them but one", errors.Join(doubles...))
	}
	var complaints []error
	d.objects, complaints = objectsOf(d.raw, "")
	for i, complaint := range complaints {
		complaints[i] = d.complain("%w", complaint)
	}
	return errors.Join(complaints...)
}

// plainly takes from an error of the YAML library the words that say nothing, and puts it on one line.
func plainly(err error) string {
	text := strings.NewReplacer("error converting YAML to JSON: ", "", "yaml: ", "", "unmarshal errors:\n", "").Replace(err.Error())
	return strings.Join(strings.Fields(text), " ")
}
