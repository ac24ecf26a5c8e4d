// Package exchange is what the sources have in common that exchange a service account token for credentials: reading the token,
// the connection, the clock, and the description of failures.
package exchange

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/podidentity/podidentity/internal/regular"
)

// maxTokenFile is far above the limit of every service, so that a token that is too long is reported as such.
const maxTokenFile = 256 << 10

// ReadToken reads the service account token. The kubelet renews it, so it is read for every exchange. Limit is the most that the
// service accepts, in bytes.
func (s Service) ReadToken(file string, limit int) (string, error) {
	content, err := regular.ReadFile(file, maxTokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the service account token %s does not exist: project it into the sidecar", file)
	}
	if err != nil {
		return "", fmt.Errorf("read the service account token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" || len(token) > limit {
		return "", fmt.Errorf("the service account token %s has %d bytes: %s accepts 1 to %d", file, len(token), s.Name, limit)
	}
	return token, nil
}
