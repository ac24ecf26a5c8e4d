package issuer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Key is one public key of a JWKS.
type Key struct {
	// ID is the name by which the header of a token refers to it.
	ID        string
	algorithm string
	// material is equal for two keys that verify the same.
	material string
	// text is the key as it was read.
	text json.RawMessage
}

// Keys are those of a JWKS.
type Keys []Key

// member names the members of a key that make it up (RFC 7638, section 3.2; RFC 8037, section 2).
type member struct {
	Type     string `json:"kty"`
	Curve    string `json:"crv,omitempty"`
	X        string `json:"x,omitempty"`
	Y        string `json:"y,omitempty"`
	Modulus  string `json:"n,omitempty"`
	Exponent string `json:"e,omitempty"`
}

// ParseKeys reads a JWKS. It refuses one with a private or a symmetric key, which must never be published.
func ParseKeys(text []byte) (Keys, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("the JWKS is not a JSON object with keys: %w", err)
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("the JWKS has no keys")
	}
	var keys Keys
	for _, text := range set.Keys {
		key, err := parseKey(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseKey(text json.RawMessage) (Key, error) {
	var read struct {
		member

		ID        string          `json:"kid"`
		Algorithm string          `json:"alg"`
		Private   json.RawMessage `json:"d"`
		Symmetric json.RawMessage `json:"k"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return Key{}, fmt.Errorf("a key of the JWKS is not a JSON object: %w", err)
	}
	if read.Private != nil || read.Symmetric != nil {
		return Key{}, fmt.Errorf("the key %q of the JWKS is a private one: remove it from wherever it is, and replace it", read.ID)
	}
	if read.Type == "" {
		return Key{}, fmt.Errorf("the key %q of the JWKS has no kty", read.ID)
	}
	material, err := json.Marshal(read.member)
	if err != nil {
		return Key{}, fmt.Errorf("write the key %q: %w", read.ID, err)
	}
	return Key{ID: read.ID, algorithm: read.Algorithm, material: string(material), text: text}, nil
}

// Merge are the keys of both, each once. It refuses two different keys of one name, of which STS would take either.
func Merge(current, old Keys) (Keys, error) {
	merged := slices.Clone(current)
	for _, key := range old {
		i := slices.IndexFunc(merged, func(k Key) bool { return k.ID == key.ID })
		switch {
		case i < 0:
			merged = append(merged, key)
		case merged[i].material != key.material:
			return nil, fmt.Errorf("two different keys are named %q: leave the old ones out", key.ID)
		}
	}
	return merged, nil
}

// IDs are the names of the keys.
func (k Keys) IDs() []string {
	var ids []string
	for _, key := range k {
		ids = append(ids, key.ID)
	}
	return ids
}

// JSON is the JWKS, indented.
func (k Keys) JSON() []byte {
	texts := []json.RawMessage{}
	for _, key := range k {
		texts = append(texts, key.text)
	}
	return indent(struct {
		Keys []json.RawMessage `json:"keys"`
	}{texts})
}

// JSON is the document, indented.
func (d Discovery) JSON() []byte { return indent(d) }

func indent(value any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		panic(fmt.Sprintf("encode what was read as JSON: %v", err))
	}
	return text.Bytes()
}
