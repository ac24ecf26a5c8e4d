package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Identity is the document that tells a sidecar which IAM role its pod has. It travels as AnnotationIdentity and reaches
// the sidecar by the downward API.
type Identity struct {
	// Association is the name of the PodIdentityAssociation that gives this identity, for people.
	Association string `json:"association,omitempty"`
	// RoleARN is the role that the pod's own token is exchanged for.
	RoleARN string `json:"roleARN"`
	// TargetRoleARN, where set, is assumed with the credentials of RoleARN; the application gets the target's credentials.
	TargetRoleARN string `json:"targetRoleARN,omitempty"`
	// ExternalID is sent with the assumption of TargetRoleARN.
	ExternalID string `json:"externalID,omitempty"`
	// DisableSessionTags leaves the session tags out of the assumption of TargetRoleARN.
	DisableSessionTags bool `json:"disableSessionTags,omitempty"`
	// Policy is a session policy, a JSON text, with which the permissions are intersected.
	Policy string `json:"policy,omitempty"`
	// SessionDuration is how long the credentials shall live; zero leaves it to STS.
	SessionDuration Duration `json:"sessionDuration,omitzero"`
}

// ParseIdentity reads an identity document. An empty document means that the pod has no association and gives ok false.
// A field it does not know is an error: ignoring one, say a policy that a later version adds, would give the pod more
// than the association grants.
func ParseIdentity(document []byte) (id Identity, ok bool, err error) {
	if len(bytes.TrimSpace(document)) == 0 {
		return Identity{}, false, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&id); err != nil {
		return Identity{}, false, fmt.Errorf("the identity document is not a JSON object of the fields this version knows: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Identity{}, false, errors.New("the identity document goes on after its JSON object: remove what follows it")
	}
	if id.RoleARN == "" {
		return Identity{}, false, errors.New("the identity document has no roleARN: set it to the ARN of an IAM role")
	}
	return id, true, nil
}

// String is the document, in one line.
func (id Identity) String() string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(id); err != nil {
		panic(fmt.Sprintf("encode an identity, a struct of strings: %v", err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Digest is the same for two identities where their sessions may do the same for as long. The name of the association, which is
// for people, does not count.
func (id Identity) Digest() string {
	id.Association = ""
	sum := sha256.Sum256([]byte(id.String()))
	return hex.EncodeToString(sum[:16])
}

// Duration is a time.Duration that reads and writes as text, "1h30m".
type Duration time.Duration

// MarshalText writes the duration without the zero units that time.Duration.String appends.
func (d Duration) MarshalText() ([]byte, error) {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return []byte(text), nil
}

// UnmarshalText reads a duration with its unit.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration with a unit, such as 1h30m", text)
	}
	*d = Duration(parsed)
	return nil
}
