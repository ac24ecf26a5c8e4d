package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Identities say which IAM roles the containers of a pod have. As a document they are the annotation AnnotationIdentity, which the
// sidecar reads by the downward API.
type Identities struct {
	// Identity is that of the pod: of all containers that have none of their own. It is zero if only containers have one.
	Identity

	// Containers are the identities that containers have for themselves, by name. A sidecar that does not know them would give to all
	// containers what is the pod's.
	Containers []Identity `critical:"true" json:"containers,omitempty"`
}

// document is Identities as JSON.
type document struct {
	Identities

	// Critical are the names of fields that a reader must know; see criticalTag.
	Critical []string `json:"critical,omitempty"`
}

// ParseIdentities reads an identity document. An empty one means that the pod has no identity. A field of a later version is ignored,
// unless the document names it as critical: then the error is a RestrictionError.
func ParseIdentities(text []byte) (Identities, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return Identities{}, nil
	}
	var read document
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&read); err != nil {
		return Identities{}, fmt.Errorf("the identity document is not a JSON object of the fields this version knows: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Identities{}, errors.New("the identity document continues after its JSON object: remove what follows it")
	}
	if unknown := Unknown(read.Critical, allFields()); len(unknown) > 0 {
		return Identities{}, &RestrictionError{unknown}
	}
	if err := read.check(); err != nil {
		return Identities{}, err
	}
	return read.Identities, nil
}

func (ids Identities) check() error {
	if ids.RoleARN == "" && (len(ids.Containers) == 0 || ids.Identity != Identity{}) {
		return errors.New("the identity document has no roleARN: set it to the ARN of an IAM role")
	}
	for i, own := range ids.Containers {
		if own.Container == "" || own.RoleARN == "" {
			return fmt.Errorf("containers[%d] of the identity document lacks container or roleARN: set both", i)
		}
		if i > 0 && own.Container <= ids.Containers[i-1].Container {
			return fmt.Errorf("containers[%d] of the identity document is not in the order of the names, or names a container twice: correct that", i)
		}
	}
	return nil
}

// String is the document, in one line. It is empty if there is no identity.
func (ids Identities) String() string {
	if ids.IsZero() {
		return ""
	}
	of := &document{Identities: ids}
	of.Critical = of.Identities.Critical()
	return encode(of)
}

// IsZero reports whether neither the pod nor any container has an identity.
func (ids Identities) IsZero() bool { return ids.Identity == Identity{} && len(ids.Containers) == 0 }

// Equal reports whether the documents are the same.
func (ids Identities) Equal(other Identities) bool {
	return ids.Identity == other.Identity && slices.Equal(ids.Containers, other.Containers)
}

// Own is the identity that a container has for itself.
func (ids Identities) Own(container string) (own Identity, ok bool) {
	i := slices.IndexFunc(ids.Containers, func(id Identity) bool { return id.Container == container })
	if i < 0 {
		return Identity{}, false
	}
	return ids.Containers[i], true
}

// All are the identities, that of the pod first, without those that are zero.
func (ids Identities) All() []Identity {
	if ids.Identity == (Identity{}) {
		return ids.Containers
	}
	return append([]Identity{ids.Identity}, ids.Containers...)
}

// For are the identities in a pod with these labels; see Identity.For.
func (ids Identities) For(labels map[string]string) Identities {
	ids.Identity = ids.Identity.For(labels)
	ids.Containers = slices.Clone(ids.Containers)
	for i := range ids.Containers {
		ids.Containers[i] = ids.Containers[i].For(labels)
	}
	return ids
}
