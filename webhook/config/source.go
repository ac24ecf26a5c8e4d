package config

import (
	"errors"
	"net/url"
	"regexp"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// validateSource demands what the sidecar will demand of what it is told, so that a mistake shows here and not in every pod.
func validateSource(i inject.Settings) error {
	// The form that the EKS Auth API has for it (eks-auth 2023-11-26).
	legalName := regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$`).MatchString(i.ClusterName)
	const namePlease = "--cluster-name is %q: set it to 1 to 100 letters, digits, - and _"
	switch i.Source {
	case contract.SourceWebIdentity:
		return errors.Join(
			demand(i.ClusterName == "" || legalName, namePlease, i.ClusterName),
			demand(i.EKSAuthEndpoint == "", "--eks-auth-endpoint has no meaning with --source=web-identity: remove it, or set --source=eks-auth"),
		)
	case contract.SourceEKSAuth:
		return errors.Join(
			demand(legalName, namePlease+", the name that the auth service has for the cluster", i.ClusterName),
			demand(isTLS(i.EKSAuthEndpoint), "--eks-auth-endpoint is %q: set it to the URL of the auth service, such as https://pod-identity-auth.pod-identity.svc, or https://eks-auth.REGION.api.aws on EKS", i.EKSAuthEndpoint),
			demand(i.STS == inject.STS{}, "the flags --sts-... have no meaning with --source=eks-auth, whose service asks STS itself: remove them"),
		)
	}
	return demand(false, "--source is %q: set it to %s or %s", i.Source, contract.SourceWebIdentity, contract.SourceEKSAuth)
}

// isTLS demands TLS because the token that is sent is all that it takes to get the role.
func isTLS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}
