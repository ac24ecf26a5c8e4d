package convert

import (
	"fmt"
	"maps"
	"slices"
)

// fields are those of a JSON object. Each is taken out when it is read, so that what is left was not understood.
type fields struct {
	values map[string]any
	// problems are sentences about fields that have not the type they should have.
	problems []string
}

func newFields(values map[string]any) *fields { return &fields{values: maps.Clone(values)} }

func take[T any](f *fields, name string) T {
	value, present := f.values[name]
	delete(f.values, name)
	typed, ok := value.(T)
	if present && value != nil && !ok {
		f.problems = append(f.problems, fmt.Sprintf("its %s is a %T", name, value))
	}
	return typed
}

func (f *fields) text(name string) string { return take[string](f, name) }

func (f *fields) boolean(name string) bool { return take[bool](f, name) }

func (f *fields) object(name string) map[string]any { return take[map[string]any](f, name) }

// list is a list of texts.
func (f *fields) list(name string) []string {
	var texts []string
	for i, value := range take[[]any](f, name) {
		text, ok := value.(string)
		if !ok {
			f.problems = append(f.problems, fmt.Sprintf("its %s[%d] is no text", name, i))
			continue
		}
		texts = append(texts, text)
	}
	return texts
}

// texts is an object of texts, such as tags and labels.
func (f *fields) texts(name string) map[string]string {
	var texts map[string]string
	for key, value := range f.object(name) {
		text, ok := value.(string)
		if !ok {
			f.problems = append(f.problems, fmt.Sprintf("its %s.%s is no text", name, key))
			continue
		}
		if texts == nil {
			texts = map[string]string{}
		}
		texts[key] = text
	}
	return texts
}

// drop takes out what has no meaning elsewhere.
func (f *fields) drop(names ...string) {
	for _, name := range names {
		delete(f.values, name)
	}
}

// left are sentences about what nobody has read.
func (f *fields) left() []string {
	var sentences []string
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if value := f.values[name]; value != nil && value != "" {
			sentences = append(sentences, fmt.Sprintf("its %s is left out, because this version does not know it", name))
		}
	}
	return sentences
}
