package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Identity says which IAM role a pod has, or one of its containers.
type Identity struct {
	// Container is the name of the container that has this identity for itself. It is empty for the identity of the pod.
	Container string `json:"container,omitempty"`
	// Association is the name of the PodIdentityAssociation, for people. It is empty if the role comes from AnnotationRoleARN.
	Association string `json:"association,omitempty"`
	// RoleARN is the role that is assumed first.
	RoleARN string `json:"roleARN,omitempty"`
	// TargetRoleARN, if set, is assumed with the credentials of RoleARN. The application then gets its credentials.
	TargetRoleARN string `json:"targetRoleARN,omitempty"`
	// ExternalID is the external ID with which TargetRoleARN is assumed.
	ExternalID string `json:"externalID,omitempty"`
	// DisableSessionTags omits the session tags.
	DisableSessionTags bool `json:"disableSessionTags,omitempty"`
	// Policy is a session policy, as JSON text: the application may do only what both it and the role allow.
	Policy string `json:"policy,omitempty"`
	// SessionDuration is how long credentials are valid; zero leaves it to STS.
	SessionDuration Duration `json:"sessionDuration,omitzero"`
	// SourceIdentity is SourceIdentityPodName, or empty for sessions without a source identity.
	SourceIdentity string `json:"sourceIdentity,omitempty"`
	// Tags are session tags beside those of EKS, in the form of a label selector, such as "team=shop,tier=web", sorted by key. They are
	// labels of the pod, which have neither a comma nor a =.
	Tags string `json:"tags,omitempty"`
	// TagLabels are the keys of the labels of a pod that become Tags, sorted, with commas between them. An association has them; For makes
	// Tags of them, and no document has them.
	TagLabels string `json:"-"`
}

// String is the document of the identity alone, in one line.
func (id Identity) String() string { return encode(id) }

func encode(document any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		panic(fmt.Sprintf("encode an identity, a struct of strings: %v", err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Digest is equal for two identities whose sessions may do the same for as long. The names of the association and of the container do
// not count.
func (id Identity) Digest() string {
	id.Association, id.Container = "", ""
	sum := sha256.Sum256([]byte(id.String()))
	return hex.EncodeToString(sum[:16])
}

// MaxChainedSession is the longest session that STS issues to a role that assumes another.
const MaxChainedSession = Duration(time.Hour)

// Duration is a time.Duration whose text is such as "1h30m".
type Duration time.Duration

// MarshalText omits the zero units that time.Duration.String appends.
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

// UnmarshalText requires a unit.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration with a unit, such as 1h30m", text)
	}
	*d = Duration(parsed)
	return nil
}
