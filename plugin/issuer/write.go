package issuer

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/internal/issuer"
)

// maxFile bounds what is read of a file with keys.
const maxFile = 1 << 20

func (c commands) write(ctx context.Context, directory, keysURI string, merge []string) error {
	cluster, err := c.cluster(ctx)
	if err != nil {
		return err
	}
	var old issuer.Keys
	for _, from := range merge {
		keys, err := c.oldKeys(ctx, from)
		if err != nil {
			return fmt.Errorf("read the keys to merge: %w", err)
		}
		if old, err = issuer.Merge(old, keys); err != nil {
			return fmt.Errorf("merge the keys of %s: %w", from, err)
		}
	}
	publication, err := issuer.ToPublish(cluster, keysURI, old)
	if err != nil {
		return err
	}
	for _, file := range filesOf(publication) {
		path := filepath.Join(directory, file.name)
		if err := writeFile(path, file.content); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c.streams.Out, "%s: publish it at %s\n", path, file.address); err != nil {
			return err
		}
	}
	return nil
}

func (c commands) oldKeys(ctx context.Context, from string) (issuer.Keys, error) {
	if strings.Contains(from, "://") {
		return issuer.FetchKeys(ctx, c.client, from)
	}
	file, err := os.Open(from)
	if err != nil {
		return nil, err // has the path
	}
	defer func() { _ = file.Close() }() // only read from
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err // has the path
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s has more than 1 MiB", from)
	}
	keys, err := issuer.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return keys, nil
}

// published is one file, and where it is to be published.
type published struct {
	name, address string
	content       []byte
}

// filesOf puts the files where a server of the issuer's path has them. Keys that are to be published elsewhere have a plain name.
func filesOf(p issuer.Publication) []published {
	root := strings.TrimSuffix(p.Discovery.Issuer, "/")
	keys, below := strings.CutPrefix(p.Discovery.KeysURI, root+"/")
	if !below || !filepath.IsLocal(keys) {
		keys = "jwks.json"
	}
	return []published{
		{strings.TrimPrefix(issuer.DiscoveryPath, "/"), root + issuer.DiscoveryPath, p.Discovery.JSON()},
		{keys, p.Discovery.KeysURI, p.Keys.JSON()},
	}
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // everybody is to read what is in it
		return err // has the path
	}
	return os.WriteFile(path, content, 0o644) //nolint:gosec // likewise; the error has the path
}
