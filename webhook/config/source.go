package config

import (
	"errors"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/webhook/inject"
)

// validateSource demands what the sidecar will demand of what it is told, so that a mistake shows here and not in every pod.
func validateSource(i inject.Settings) error {
	legalName := contract.ValidClusterName(i.ClusterName)
	const namePlease = "--cluster-name is %q: set it to 1 to 100 letters, digits, - and _"
	switch i.Source {
	case contract.SourceWebIdentity:
		return errors.Join(
			flags.Require(i.ClusterName == "" || legalName, namePlease, i.ClusterName),
			flags.Require(i.EKSAuthEndpoint == "", "--eks-auth-endpoint has no meaning with --source=web-identity: remove it, or set --source=eks-auth"),
		)
	case contract.SourceEKSAuth:
		return errors.Join(
			flags.Require(legalName, namePlease+", the name that the auth service has for the cluster", i.ClusterName),
			flags.Require(flags.IsTLSURL(i.EKSAuthEndpoint), "--eks-auth-endpoint is %q: set it to the URL of the auth service, such as https://pod-identity-auth.pod-identity.svc, or https://eks-auth.REGION.api.aws on EKS", i.EKSAuthEndpoint),
			flags.Require(i.STS == inject.STS{}, "the flags --sts-... have no meaning with --source=eks-auth, whose service asks STS itself: remove them"),
		)
	}
	return flags.Require(false, "--source is %q: set it to %s or %s", i.Source, contract.SourceWebIdentity, contract.SourceEKSAuth)
}
