// Package identity reads which IAM role the pod has, and reports every change within moments.
package identity

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/podidentity/podidentity/contract"
)

// maxDocument is the limit of Kubernetes for all annotations of an object together: the document is one of them.
const maxDocument = 256 << 10

// Reading is what the identity document says.
type Reading struct {
	// Identity is zero if the pod has no association.
	Identity contract.Identity
	// Problem is why the document is unreadable or invalid. Identity is then that of the previous Reading, or zero if the document
	// restricts the pod in a way that this version does not know.
	Problem error
}

// Associated reports whether the pod has an association.
func (r Reading) Associated() bool {
	return r.Identity != contract.Identity{}
}

// next returns the Reading that follows previous, once a read of the file has given document or err. A missing file, like an empty
// one, means no association: the kubelet projects an absent annotation as an empty file.
func next(previous Reading, document []byte, err error) Reading {
	previous.Problem = nil
	if errors.Is(err, fs.ErrNotExist) {
		return Reading{}
	}
	if err != nil {
		previous.Problem = fmt.Errorf("read the identity document: %w", err)
		return previous
	}
	id, _, err := contract.ParseIdentity(document)
	if _, restricted := errors.AsType[*contract.RestrictionError](err); restricted {
		// What was granted before may be what the restriction takes away.
		return Reading{Problem: err}
	}
	if err != nil {
		previous.Problem = err
		return previous
	}
	return Reading{Identity: id}
}
