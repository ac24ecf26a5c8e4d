package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// Source is who gives the credentials.
type Source string

// The sources.
const (
	// SourceWebIdentity is AWS STS itself, which trusts the cluster's tokens by an OIDC provider.
	SourceWebIdentity Source = contract.SourceWebIdentity
	// SourceEKSAuth is a service that speaks the EKS Auth API.
	SourceEKSAuth Source = contract.SourceEKSAuth
)

// EKSAuth says how to reach the auth service.
type EKSAuth struct {
	// Endpoint is its URL, always https.
	Endpoint string
	// CAFile is a PEM file of the authorities to trust, read anew for each fetch; it may be missing and appear later. Empty are
	// the system's.
	CAFile string
}

// readEKSAuth takes the file that the webhook projects, unless another is named. For Amazon's own it projects none.
func readEKSAuth(getenv func(string) string) EKSAuth {
	read := EKSAuth{Endpoint: getenv(EnvEKSAuthEndpoint), CAFile: cmp.Or(getenv(EnvCABundle), getenv(EnvCertFile))}
	if _, amazon := contract.AmazonEKSAuth(read.Endpoint); read.CAFile == "" && !amazon {
		read.CAFile = filepath.Join(contract.MountPath, contract.AuthCAFile)
	}
	return read
}

func (c Config) validateSource() error {
	switch c.Source {
	case SourceWebIdentity:
		return nil
	case SourceEKSAuth:
		return errors.Join(checkEKSAuthEndpoint(c.EKSAuth.Endpoint), checkClusterName(c.Pod.ClusterName))
	}
	return fmt.Errorf("--source=%s is not a source of credentials: set it to %s or %s", c.Source, SourceWebIdentity, SourceEKSAuth)
}

// checkEKSAuthEndpoint demands TLS: the token that is sent is all that it takes to get the role.
func checkEKSAuthEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%s is not a URL of the form https://host[:port]: set it to the auth service's", EnvEKSAuthEndpoint)
	}
	return nil
}

// checkClusterName demands the form that the EKS Auth API has for it (eks-auth 2023-11-26). Without regexp, which every pod
// would pay for.
func checkClusterName(name string) error {
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
	if name == "" || len(name) > 100 || odd || name[0] == '-' || name[0] == '_' {
		return fmt.Errorf("%s=%s is not the name of a cluster: set it to the one of the auth service, 1 to 100 letters, digits, - and _", contract.EnvClusterName, name)
	}
	return nil
}
