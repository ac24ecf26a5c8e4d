// Package identity reads which IAM role the pod has, and tells of every change within moments of it.
package identity

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/podidentity/podidentity/contract"
)

// maxDocument bounds what is read: the kubelet projects annotations, all of which together are at most 256 KiB.
const maxDocument = 256 << 10

// Reading is what is known of the pod's identity after one look at the document.
type Reading struct {
	// Identity is the role of the pod, meaningful where Associated.
	Identity contract.Identity
	// Associated tells that the pod has an association.
	Associated bool
	// Problem is why the last look gave nothing; the other fields then are those of the look before it.
	Problem error
}

// next is the Reading after before once the file at path has been read as document or has failed with err. No file, like
// an empty one, is no association: the kubelet projects an absent annotation as an empty file.
func next(before Reading, document []byte, err error) Reading {
	before.Problem = nil
	if errors.Is(err, fs.ErrNotExist) {
		return Reading{}
	}
	if err != nil {
		before.Problem = fmt.Errorf("read the identity document: %w", err)
		return before
	}
	id, associated, err := contract.ParseIdentity(document)
	if err != nil {
		before.Problem = err
		return before
	}
	return Reading{Identity: id, Associated: associated}
}

func readDocument(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	document, err := io.ReadAll(io.LimitReader(file, maxDocument+1))
	if err == nil && len(document) > maxDocument {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxDocument)
	}
	return document, err
}
