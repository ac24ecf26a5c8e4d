// Package logs shows what a sidecar has logged, in words that a person reads.
package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Words is the log of a sidecar, one sentence a line. A line that is not of ours stays as it is.
func Words(log []byte) string {
	var text strings.Builder
	for line := range bytes.Lines(log) {
		text.WriteString(sentence(bytes.TrimSpace(line)) + "\n")
	}
	return text.String()
}

func sentence(line []byte) string {
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil || fields["msg"] == nil {
		return string(line)
	}
	word := func(name string) string {
		value, set := fields[name]
		delete(fields, name)
		if !set {
			return ""
		}
		return fmt.Sprint(value)
	}
	at, level, said := word("time"), word("level"), word("msg")
	if parsed, err := time.Parse(time.RFC3339, at); err == nil {
		at = parsed.UTC().Format(time.DateTime)
	}
	switch said {
	case "fetched credentials":
		said = fmt.Sprintf("has credentials until %s, and fetches the next in %s", word("expires"), word("refreshIn"))
	case "the pod has an association":
		said = fmt.Sprintf("the pod has the role %s", word("role"))
		if name := word("association"); name != "" {
			said += " by association " + name
		}
	}
	if reason := word("error"); reason != "" {
		said += ": " + reason
	}
	if retry := word("retryIn"); retry != "" {
		said += fmt.Sprintf(" (attempt %s, the next in %s)", word("attempt"), retry)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		said += fmt.Sprintf("; %s %v", name, fields[name])
	}
	return fmt.Sprintf("%s  %-7s  %s", at, level, said)
}
