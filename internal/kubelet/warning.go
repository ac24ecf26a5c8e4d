// Package kubelet reads what the events of the kubelet tell of a sidecar.
package kubelet

import (
	"slices"
	"strings"
	"unicode"
)

// MaxWarning bounds what is repeated of a warning, in bytes: the note of an event may have 1024.
const MaxWarning = 512

// Warning is what the sidecar says in an event of its liveness probe: the warning of one over HTTP, or the failure of a process. That a
// probe did not reach the sidecar is no word of it.
func Warning(message string) (sentence string, ok bool) {
	message = strings.TrimPrefix(message, "(combined from similar events): ")
	sentence, ok = strings.CutPrefix(message, "Liveness probe warning: Probe terminated redirects, Response body: ")
	if !ok {
		sentence, ok = strings.CutPrefix(message, "Liveness probe failed: ")
	}
	unreached := slices.ContainsFunc([]string{`Get "`, "HTTP probe failed", "command "}, func(words string) bool { return strings.HasPrefix(sentence, words) })
	if !ok || unreached {
		return "", false
	}
	return printable(strings.TrimSpace(sentence)), true
}

// printable is a sentence that anybody may have written, in one line and not longer than MaxWarning.
func printable(sentence string) string {
	sentence = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, sentence)
	if len(sentence) > MaxWarning {
		sentence = strings.ToValidUTF8(sentence[:MaxWarning], "") + "…"
	}
	return sentence
}
