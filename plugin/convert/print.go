package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// Values of -o.
const (
	formatJSON = "json"
	formatYAML = "yaml"
)

// To are the associations of the kind that is asked for. It adds to what is lost and refused.
func (r *Result) To(kind, eksCluster string) []any {
	switch kind {
	case kindEKS:
		return r.toEKS(eksCluster)
	case kindACK:
		return r.toACK(eksCluster)
	}
	return r.ours()
}

// render writes the objects: in YAML one document each, in JSON a List of Kubernetes, or a list of what EKS takes.
func render(objects []any, kind, format string) (string, error) {
	switch {
	case format == "" && kind == kindEKS:
		return renderCommands(objects)
	case format == formatJSON && kind == kindEKS:
		return renderJSON(append([]any{}, objects...))
	case format == formatJSON:
		return renderJSON(map[string]any{"apiVersion": "v1", "kind": "List", "items": append([]any{}, objects...)})
	}
	var documents []string
	for _, object := range objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			return "", fmt.Errorf("write the result: %w", err)
		}
		documents = append(documents, string(text))
	}
	return strings.Join(documents, "---\n"), nil
}

func renderJSON(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("write the result: %w", err)
	}
	return text.String(), nil
}

// renderCommands writes a command of the AWS CLI a line.
func renderCommands(objects []any) (string, error) {
	var lines strings.Builder
	for _, object := range objects {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(object); err != nil {
			return "", fmt.Errorf("write the result: %w", err)
		}
		fmt.Fprintf(&lines, "aws eks create-pod-identity-association --cli-input-json %s\n", quoted(strings.TrimSpace(text.String())))
	}
	return lines.String(), nil
}

// quoted is one word for a shell, whatever it has: between single quotes nothing has a meaning but the next one.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
