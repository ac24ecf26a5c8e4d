package server

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// tokenMinimum is the length, in characters, of the tokens that crypto/rand makes: 130 bits of chance.
	tokenMinimum = 26
	tokenMaximum = 256
)

// Token is what applications authenticate with: one line of visible ASCII, because most SDKs refuse, and one crashes on,
// anything else (README, rule 5). It is a secret.
type Token string

// EnsureToken leaves the token in the file at path, readable by every user, and returns it. A token that is there already
// stays, because clients that have read it do not look again (README, rule 7): this is a restart of the sidecar. Another one
// replaces it only if it is given. The file appears whole or not at all (README, rule 6).
func EnsureToken(path string, given string) (Token, error) {
	if given != "" && !wellFormed(given) {
		return "", fmt.Errorf("the authorization token given has to be %d to %d characters of visible ASCII: make it such",
			tokenMinimum, tokenMaximum)
	}
	there, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the authorization token: %w", err)
	}
	token := string(there)
	if wellFormed(token) && (given == "" || given == token) {
		return Token(token), nil
	}
	token = given
	if token == "" {
		token = rand.Text()
	}
	if err := writeWhole(path, token); err != nil {
		return "", fmt.Errorf("write the authorization token: %w", err)
	}
	return Token(token), nil
}

func wellFormed(token string) bool {
	return len(token) >= tokenMinimum && len(token) <= tokenMaximum &&
		strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// writeWhole writes content to path so that no reader sees an empty or half a file.
func writeWhole(path, content string) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // applications of any user read it
		return err
	}
	file, err := os.CreateTemp(folder, ".authorization-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.WriteString(content)
	// Applications run as users that nobody knows beforehand.
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// matches compares an Authorization header in constant time. Clients send the bare token; some put Bearer before it
// (README, rule 8).
func (t Token) matches(header string) bool {
	header = strings.Trim(header, " \t")
	header = strings.Trim(strings.TrimPrefix(header, "Bearer "), " \t")
	// The length is no secret. Buffers of a fixed size keep the comparison off the heap.
	if len(header) != len(t) {
		return false
	}
	var got, want [tokenMaximum]byte
	copy(got[:], header)
	copy(want[:], t)
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
