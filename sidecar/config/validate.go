package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

func (c Config) validate() error {
	return errors.Join(
		checkFile("--identity", c.IdentityFile),
		checkFile("--token", c.WebIdentity.TokenFile),
		checkFile("--authorization", c.AuthorizationFile),
		checkContainers(c.Containers),
		checkListen(c.Listen),
		checkOptional(contract.FlagProbe, c.Probe, contract.FlagListen, c.Listen),
		checkOptional(contract.FlagMetrics, c.Metrics, contract.FlagListen, c.Listen),
		checkOptional(contract.FlagMetrics, c.Metrics, contract.FlagProbe, c.Probe),
		c.checkSource(),
	)
}

func checkFile(flag, path string) error {
	if path == "" {
		return fmt.Errorf("%s is empty: set it to the path of a file", flag)
	}
	return nil
}

// checkContainers refuses what is not the name of a container (RFC 1123 label), since it becomes that of a folder.
func checkContainers(names []string) error {
	for i, name := range names {
		if !isLabel(name) || slices.Contains(names[:i], name) {
			return fmt.Errorf("%s: %q is not the name of a container, or is there twice: separate names by commas alone", contract.EnvContainers, name)
		}
	}
	return nil
}

func isLabel(name string) bool {
	invalid := strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
	return name != "" && len(name) <= 63 && !invalid
}

// checkListen requires the literal 127.0.0.1: it is the only host that every AWS SDK accepts (README, rule 1), and any
// address but loopback would hand the role to the network.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "127.0.0.1" {
		return fmt.Errorf("--listen=%s is not of the form 127.0.0.1:port: the sidecar serves only its own pod", address)
	}
	if !validPort(port) {
		return fmt.Errorf("--listen=%s has no valid port: choose one from 1 to 65535", address)
	}
	return nil
}

// checkOptional allows every address, since the kubelet and Prometheus do not reach 127.0.0.1, and there is no secret.
func checkOptional(flag, address, otherFlag, other string) error {
	if address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" && net.ParseIP(host) == nil {
		return fmt.Errorf("--%s=%s is not of the form [ip]:port: set it to one such as :9464, or leave it out", flag, address)
	}
	if !validPort(port) {
		return fmt.Errorf("--%s=%s has no valid port: choose one from 1 to 65535", flag, address)
	}
	if _, taken, err := net.SplitHostPort(other); err == nil && port == taken {
		return fmt.Errorf("--%s=%s has the port of --%s: choose another", flag, address, otherFlag)
	}
	return nil
}

func validPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

func (c Config) checkSource() error {
	switch c.Source {
	case contract.SourceWebIdentity:
		return nil
	case contract.SourceEKSAuth:
		return errors.Join(checkEKSAuthEndpoint(c.EKSAuth.Endpoint), checkClusterName(c.EKSAuth.ClusterName))
	}
	return fmt.Errorf("--source=%s is not a source of credentials: set it to %s or %s", c.Source, contract.SourceWebIdentity, contract.SourceEKSAuth)
}

// checkRegion ensures that a region is no more than one label of a host name.
func checkRegion(region string) error {
	invalid := strings.ContainsFunc(region, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
	if invalid {
		return fmt.Errorf("%s=%s is not the name of a region: set it to one such as eu-central-1", contract.EnvRegion, region)
	}
	return nil
}

func checkSTSEndpoint(s webidentity.STS) error {
	if s.Endpoint == "" {
		return nil
	}
	if !flags.IsURL(s.Endpoint) {
		return fmt.Errorf("%s is not a URL of the form https://host[:port]: correct or unset it", contract.EnvSTSEndpoint)
	}
	if s.FIPS || s.DualStack {
		return fmt.Errorf("%s excludes %s and %s, which choose among Amazon's own endpoints: unset either", contract.EnvSTSEndpoint, contract.EnvFIPS, contract.EnvDualStack)
	}
	return nil
}

// checkEKSAuthEndpoint requires TLS: whoever has the token that is sent can get the role.
func checkEKSAuthEndpoint(endpoint string) error {
	if !flags.IsTLSURL(endpoint) {
		return fmt.Errorf("%s is not a URL of the form https://host[:port]: set it to the auth service's", contract.EnvEKSAuthEndpoint)
	}
	return nil
}

func checkClusterName(name string) error {
	if !contract.ValidClusterName(name) {
		return fmt.Errorf("%s=%s is not the name of a cluster: set it to the one of the auth service, 1 to 100 letters, digits, - and _", contract.EnvClusterName, name)
	}
	return nil
}
