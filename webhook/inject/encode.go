package inject

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	corev1 "k8s.io/api/core/v1"
)

// encode writes a value of our own making, which always can be encoded.
func encode(value any) json.RawMessage {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// Or else a "<" of one byte would take six.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(fmt.Sprintf("encode a %T: %v", value, err))
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

// encodeString replaces what is invalid UTF-8, as encode does.
func encodeString(value string) json.RawMessage {
	text, _ := jsontext.AppendQuote(nil, value)
	return text
}

// encodeEnv writes variables as encode does, which takes ten times as long. One of ours has a valueFrom.
func encodeEnv(env []corev1.EnvVar) []json.RawMessage {
	all := make([]json.RawMessage, len(env))
	for i, variable := range env {
		if variable.ValueFrom != nil {
			all[i] = encode(variable)
			continue
		}
		text := make([]byte, 0, len(`{"name":"","value":""}`)+len(variable.Name)+len(variable.Value))
		text, _ = jsontext.AppendQuote(append(text, `{"name":`...), variable.Name)
		text, _ = jsontext.AppendQuote(append(text, `,"value":`...), variable.Value)
		all[i] = append(text, '}')
	}
	return all
}

// list joins values to a JSON array.
func list(values ...json.RawMessage) json.RawMessage {
	text := json.RawMessage{'['}
	for i, value := range values {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, value...)
	}
	return append(text, ']')
}
