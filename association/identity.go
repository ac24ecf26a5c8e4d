package association

import (
	"fmt"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

// identityOf is the identity document that an association stands for.
func identityOf(a *v1alpha1.PodIdentityAssociation) (contract.Identity, error) {
	identity := contract.Identity{
		Association:        a.Name,
		RoleARN:            a.Spec.RoleARN,
		TargetRoleARN:      a.Spec.TargetRoleARN,
		ExternalID:         a.Spec.ExternalID,
		DisableSessionTags: a.Spec.DisableSessionTags,
		Policy:             a.Spec.Policy,
	}
	if a.Spec.SessionDuration == "" {
		return identity, nil
	}
	if err := identity.SessionDuration.UnmarshalText([]byte(a.Spec.SessionDuration)); err != nil {
		return contract.Identity{}, fmt.Errorf("read spec.sessionDuration of PodIdentityAssociation %s: %w", a.Name, err)
	}
	return identity, nil
}
