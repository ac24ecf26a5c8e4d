package admission

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// errTooLarge means that decoding a review could take more memory or time than there is.
var errTooLarge = errors.New("the review has too many values")

// isSmall reports whether a review is small, or fails with errTooLarge. It decodes nothing: an empty object in a list is two bytes
// of JSON and up to 900 of memory.
func isSmall(body []byte) (bool, error) {
	short := len(body) <= freeBytes
	// Those in texts too, but in a fraction of the time that it takes to tell.
	if short && bytes.Count(body, []byte("{")) <= smallObjects {
		return true, nil
	}
	s := size{decoder: jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	for {
		switch err := s.next(); {
		case errors.Is(err, io.EOF):
			return short && s.objects <= smallObjects, nil
		case err != nil:
			return false, err
		case s.values > maxValues || s.items > maxItems:
			return false, errTooLarge
		}
	}
}

// size counts the values of a review.
type size struct {
	decoder                *jsontext.Decoder
	values, objects, items int
	// list is the last name in a spec: request.object.spec has depth 4, and its lists have depth 5.
	list string
}

const specDepth = 4

// next counts one token.
func (s *size) next() error {
	depth := s.decoder.StackDepth()
	parent, length := s.decoder.StackIndex(depth)
	if parent == '{' && length%2 == 0 && s.decoder.PeekKind() == '"' {
		return s.name(depth)
	}
	kind := s.decoder.PeekKind()
	if kind == '}' || kind == ']' {
		_, err := s.decoder.ReadToken()
		return err
	}
	s.values++
	if depth == specDepth+1 && parent == '[' && isLargeItem(s.list) {
		s.items++
	}
	if kind == '{' {
		s.objects++
	}
	if kind == '{' || kind == '[' {
		_, err := s.decoder.ReadToken()
		return err
	}
	value, err := s.decoder.ReadValue()
	if err == nil && isLongNumber(value) {
		return errTooLarge
	}
	return err
}

func (s *size) name(depth int) error {
	token, err := s.decoder.ReadToken()
	if err != nil {
		return fmt.Errorf("read a name: %w", err)
	}
	name := token.String()
	if depth == specDepth {
		s.list = name
	}
	// A map that is decoded may have this name too, but no objects.
	if name == "fieldsV1" && s.decoder.PeekKind() == '{' {
		s.values++
		return s.decoder.SkipValue()
	}
	return nil
}

func isLargeItem(list string) bool {
	switch list {
	case "containers", "initContainers", "ephemeralContainers", "volumes":
		return true
	}
	return false
}

// isLongNumber reports whether a number, or a text that begins like a number, has more digits than any quantity needs. Quantities
// are read without the white space around them.
func isLongNumber(value jsontext.Value) bool {
	if len(value) <= maxDigits {
		return false
	}
	text := []byte(value)
	if value.Kind() == '"' {
		text, _ = jsontext.AppendUnquote(nil, value) // the decoder has checked it
	}
	text = bytes.TrimSpace(text)
	if len(text) > maxDigits && bytes.IndexByte([]byte("+-"), text[0]) >= 0 {
		text = text[1:]
	}
	return len(text) > maxDigits && bytes.Count(text[:maxDigits], []byte(".")) <= 1 && len(bytes.Trim(text[:maxDigits], ".0123456789")) == 0
}
