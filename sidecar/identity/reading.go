// Package identity reads which IAM roles the pod and its containers have, and reports every change within moments.
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
	// Identity is that of the pod. It is zero if the pod has no association.
	Identity contract.Identity
	// Containers are the identities that containers have for themselves, in the order of their names.
	Containers []contract.Identity
	// Problem is why the document is unreadable or invalid. The identities are then those of the previous Reading, or none if the
	// document restricts the pod in a way that this version does not know.
	Problem error
}

// Associated reports whether the pod has an association, or a container of it.
func (r Reading) Associated() bool {
	return !r.identities().IsZero()
}

// Own is the identity that a container has for itself.
func (r Reading) Own(container string) (own contract.Identity, ok bool) {
	return r.identities().Own(container)
}

func (r Reading) identities() contract.Identities {
	return contract.Identities{Identity: r.Identity, Containers: r.Containers}
}

// same reports whether two Readings say the same.
func (r Reading) same(other Reading) bool {
	return r.identities().Equal(other.identities()) && problemText(r) == problemText(other)
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
	ids, err := contract.ParseIdentities(document)
	if _, restricted := errors.AsType[*contract.RestrictionError](err); restricted {
		// What was granted before may be what the restriction takes away.
		return Reading{Problem: err}
	}
	if err != nil {
		previous.Problem = err
		return previous
	}
	return Reading{Identity: ids.Identity, Containers: ids.Containers}
}
