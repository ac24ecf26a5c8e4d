package association

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

// Check says why an association cannot be used, although the API server accepted it.
func Check(a *v1alpha1.PodIdentityAssociation) error {
	if _, err := identityOf(a); err != nil {
		return err
	}
	// The rules of a CRD cannot read JSON; STS would refuse the policy for each pod.
	var policy map[string]any
	if err := json.Unmarshal([]byte(cmp.Or(a.Spec.Policy, "{}")), &policy); err != nil {
		return fmt.Errorf("spec.policy of PodIdentityAssociation %s is not a JSON object: %w", a.Name, err)
	}
	return nil
}

// identityOf is the identity document that an association stands for.
func identityOf(a *v1alpha1.PodIdentityAssociation) (contract.Identity, error) {
	identity := contract.Identity{
		Association:        a.Name,
		RoleARN:            a.Spec.RoleARN,
		TargetRoleARN:      a.Spec.TargetRoleARN,
		ExternalID:         a.Spec.ExternalID,
		DisableSessionTags: a.Spec.DisableSessionTags,
		Policy:             a.Spec.Policy,
		SourceIdentity:     a.Spec.SourceIdentity,
		TagLabels:          strings.Join(slices.Sorted(slices.Values(a.Spec.TagLabels)), ","),
	}
	if a.Spec.SessionDuration == "" {
		return identity, nil
	}
	if err := identity.SessionDuration.UnmarshalText([]byte(a.Spec.SessionDuration)); err != nil {
		return contract.Identity{}, fmt.Errorf("read spec.sessionDuration of PodIdentityAssociation %s: %w", a.Name, err)
	}
	return identity, nil
}
