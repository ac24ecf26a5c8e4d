package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/internal/regular"
)

const (
	// minToken is the length, in characters, of the tokens that crypto/rand makes: 130 random bits.
	minToken = 26
	maxToken = 256
)

// Token is what applications authenticate with: one line of visible ASCII, because most SDKs refuse, and one crashes on,
// anything else (README, rule 5). It is a secret.
type Token string

// EnsureToken writes a token to the file at path, readable by every user, and returns it. After a restart of the sidecar the file
// exists already: its token is kept, because clients do not read it again (README, rule 7), unless another one is given. The file
// appears whole or not at all (README, rule 6).
func EnsureToken(path string, given string) (token Token, kept bool, err error) {
	if given != "" && !wellFormed(given) {
		return "", false, fmt.Errorf("AWS_CONTAINER_AUTHORIZATION_TOKEN is not %d to %d characters of visible ASCII: correct or unset it",
			minToken, maxToken)
	}
	existing, err := existingToken(path)
	if err != nil {
		return "", false, fmt.Errorf("read the authorization token: %w", err)
	}
	if wellFormed(existing) && (given == "" || given == existing) {
		return Token(existing), true, nil
	}
	token, err = writeToken(path, given)
	return token, false, err
}

// writeToken writes a new token, or the given one.
func writeToken(path, given string) (Token, error) {
	if given == "" {
		given = rand.Text()
	}
	if err := writeAtomically(path, given); err != nil {
		return "", fmt.Errorf("write the authorization token: %w", err)
	}
	return Token(given), nil
}

// existingToken is the content of the file at path, or empty. Containers of the pod share the folder of this file and could put
// something else in its place, which is then replaced as an invalid token is.
func existingToken(path string) (string, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if !info.IsDir() && (!info.Mode().IsRegular() || info.Size() > maxToken) {
		return "", nil
	}
	content, err := regular.ReadFile(path, maxToken)
	return string(content), err
}

func wellFormed(token string) bool {
	return len(token) >= minToken && len(token) <= maxToken &&
		!strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// writeAtomically writes content to path so that no reader sees a partial file.
func writeAtomically(path, content string) (err error) {
	folder := filepath.Dir(path)
	if err := makeFolder(folder); err != nil {
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
	// Applications may run as any user.
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// makeFolder is os.MkdirAll for what applications of any user read, whatever the umask.
func makeFolder(folder string) error {
	const everybody = 0o755
	err := os.Mkdir(folder, everybody)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(filepath.Dir(folder)); err != nil {
			return err
		}
		err = os.Mkdir(folder, everybody)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil // it may be somebody else's
	}
	if err != nil {
		return err
	}
	return os.Chmod(folder, everybody)
}
