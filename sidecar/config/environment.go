package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// The environment has the AWS SDKs' own names, so that what is known about them holds here.
const (
	EnvRegion      = "AWS_REGION"
	EnvSTSEndpoint = "AWS_ENDPOINT_URL_STS"
	// EnvEKSAuthEndpoint is the auth service's.
	EnvEKSAuthEndpoint = contract.EnvEKSAuthEndpoint
	EnvCABundle        = "AWS_CA_BUNDLE"
	// EnvCertFile is Go's and OpenSSL's name for the same; AWS_CA_BUNDLE wins.
	EnvCertFile  = "SSL_CERT_FILE"
	EnvFIPS      = "AWS_USE_FIPS_ENDPOINT"
	EnvDualStack = "AWS_USE_DUALSTACK_ENDPOINT"
	// EnvAuthorizationToken gives the authorization token to the sidecar, as it does to an SDK.
	EnvAuthorizationToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
)

func readSTS(getenv func(string) string) (STS, error) {
	fips, badFIPS := boolean(EnvFIPS, getenv(EnvFIPS))
	dualStack, badDualStack := boolean(EnvDualStack, getenv(EnvDualStack))
	s := STS{
		Region:    getenv(EnvRegion),
		Endpoint:  getenv(EnvSTSEndpoint),
		CABundle:  cmp.Or(getenv(EnvCABundle), getenv(EnvCertFile)),
		FIPS:      fips,
		DualStack: dualStack,
	}
	return s, errors.Join(badFIPS, badDualStack, s.validate())
}

func (s STS) validate() error {
	return errors.Join(checkRegion(s.Region), checkEndpoint(s))
}

// checkRegion keeps a region from becoming anything but one label of a host name.
func checkRegion(region string) error {
	odd := strings.IndexFunc(region, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
	if odd >= 0 {
		return fmt.Errorf("%s=%s is not the name of a region: set it to one such as eu-central-1", EnvRegion, region)
	}
	return nil
}

func checkEndpoint(s STS) error {
	if s.Endpoint == "" {
		return nil
	}
	endpoint, err := url.Parse(s.Endpoint)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return fmt.Errorf("%s is not a URL of the form https://host[:port]: correct or unset it", EnvSTSEndpoint)
	}
	if s.FIPS || s.DualStack {
		return fmt.Errorf("%s excludes %s and %s, which choose among Amazon's own endpoints: unset one side",
			EnvSTSEndpoint, EnvFIPS, EnvDualStack)
	}
	return nil
}

// boolean reads the two words that the SDKs know.
func boolean(name, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, fmt.Errorf("%s=%s is neither true nor false: set it to one of them", name, value)
}
