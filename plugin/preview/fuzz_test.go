package preview_test

import (
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// No input makes the command panic; invalid input prints only errors; objects without pods come out unchanged; and a second
// preview changes nothing.
func FuzzReader(f *testing.F) {
	fixtures, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, fixture := range fixtures {
		archive, err := txtar.ParseFile(fixture)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(string(file.Data))
		}
	}
	f.Add("\ufeffkind: A\r\napiVersion: v1\r\n---\r\n{}")
	f.Fuzz(func(t *testing.T, input string) {
		first := run(t, nil, input)
		if first.Exit != 0 {
			if first.Stdout != "" || len(first.Stderr) < len("error: x") {
				t.Errorf("invalid input printed %q and said %q", first.Stdout, first.Stderr)
			}
			return
		}
		if second := run(t, nil, first.Stdout); second.Stdout != first.Stdout {
			t.Errorf("first\n%s\nthen\n%s\n%s", first.Stdout, second.Stdout, second.Stderr)
		}
		if run(t, []string{"-o=diff"}, input).Stdout != "" {
			return
		}
		before, err := decode(input)
		if err != nil {
			return // This decoder accepts less than preview.
		}
		if after, err := decode(first.Stdout); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%v became %v: %v", before, after, err)
		}
	})
}

// decode reads objects as kubectl does.
func decode(text string) ([]any, error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff")), 4096)
	var objects []any
	for {
		var object any
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
}
