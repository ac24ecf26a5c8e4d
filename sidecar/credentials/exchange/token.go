// Package exchange is what the exchanges of a service account token for credentials have in common, whoever is asked: the
// token, the connection, the clock, and the words for what goes wrong.
package exchange

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Token reads the service account token. It is read anew for every exchange, because the kubelet renews it. Limit is the
// most that the service takes, in bytes.
func (s Service) Token(file string, limit int) (string, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the service account token %s is not there: it should be projected into the sidecar", file)
	}
	if err != nil {
		return "", fmt.Errorf("read the service account token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" || len(token) > limit {
		return "", fmt.Errorf("the service account token %s has %d bytes: %s takes 1 to %d", file, len(token), s.Name, limit)
	}
	return token, nil
}
