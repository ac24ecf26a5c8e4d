package trustpolicy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/plugin/cli"
	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/plugin/objects"
)

// Found is what gives roles to service accounts.
type Found struct {
	Associations []v1alpha1.PodIdentityAssociation
	// Annotated are the service accounts that have a role by an annotation, by the role; nil where that is not known.
	Annotated map[string][]association.ServiceAccount
}

func (o options) read(ctx context.Context) (Found, error) {
	if len(o.files) > 0 {
		all, err := objects.FromFiles(o.files)
		if err != nil {
			return Found{}, err
		}
		associations, err := objects.AssociationsAmong(all)
		return Found{Associations: associations}, err
	}
	c, err := cli.ClientOf(o.getter)
	if err != nil {
		return Found{}, err
	}
	identities, err := cluster.ReadIdentities(ctx, c, "", cluster.ReadInstallation(ctx, c).Config.Annotations())
	if err != nil {
		return Found{}, err
	}
	found := Found{Annotated: map[string][]association.ServiceAccount{}}
	for _, name := range slices.Sorted(maps.Keys(identities.Associations)) {
		found.Associations = append(found.Associations, *identities.Associations[name])
	}
	for _, account := range identities.Accounts {
		if identity, ok := identities.Index.Identity(account); ok && identity.Association == "" {
			found.Annotated[identity.RoleARN] = append(found.Annotated[identity.RoleARN], account)
		}
	}
	return found, nil
}

// Choose are the associations of these names, or all where none is given. The error has every name that is missing.
func Choose(all []v1alpha1.PodIdentityAssociation, names []string) ([]v1alpha1.PodIdentityAssociation, error) {
	if len(all) == 0 {
		return nil, errors.New("there is no PodIdentityAssociation")
	}
	if len(names) == 0 {
		return all, nil
	}
	var chosen []v1alpha1.PodIdentityAssociation
	var errs []error
	for _, name := range names {
		i := slices.IndexFunc(all, func(a v1alpha1.PodIdentityAssociation) bool { return a.Name == name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("there is no PodIdentityAssociation %s", name))
			continue
		}
		chosen = append(chosen, all[i])
	}
	return chosen, errors.Join(errs...)
}
