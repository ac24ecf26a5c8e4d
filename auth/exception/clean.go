package exception

import (
	"strings"
	"unicode"
)

// maxWords bounds, in bytes, what is repeated of another server's words.
const maxWords = 600

// Clean makes one line of another server's words, of a bounded length and without the secrets, should it repeat them.
func Clean(words string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			words = strings.ReplaceAll(words, secret, "[secret]")
		}
	}
	words = strings.Join(strings.FieldsFunc(words, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(words) > maxWords {
		words = strings.ToValidUTF8(words[:maxWords], "") + "..."
	}
	return words
}
