// Package config turns the arguments and the environment of the sidecar into a checked Config, or into every complaint at
// once.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"github.com/podidentity/podidentity/contract"
)

// Config is everything the sidecar is told from outside.
type Config struct {
	// IdentityFile holds the identity document; it may be missing and appear later.
	IdentityFile string
	// TokenFile holds the service account token; the kubelet replaces it while the sidecar runs.
	TokenFile string
	// AuthorizationFile is where the sidecar leaves the token with which applications authenticate.
	AuthorizationFile string
	// AuthorizationToken, where set, is that token, given from outside for SDKs too old to read the file. It is a secret.
	AuthorizationToken string
	// Listen is the address of the server, always on 127.0.0.1.
	Listen string
	// Metrics is the address at which Prometheus reads the metrics; empty serves none.
	Metrics string
	// Source is who gives the credentials.
	Source Source
	// STS says how to reach AWS STS, which the source web-identity asks.
	STS STS
	// EKSAuth says how to reach the auth service, which the source eks-auth asks.
	EKSAuth EKSAuth
	// Pod is the pod the sidecar runs in.
	Pod Pod
}

// STS says how to reach AWS STS. Its proxy is not part of it: net/http reads HTTPS_PROXY and NO_PROXY itself.
type STS struct {
	// Region of the endpoint; empty leaves it to the partition of the role.
	Region string
	// Endpoint is a URL in place of the one that follows from the region.
	Endpoint string
	// CABundle is a PEM file of the authorities to trust in place of the system's, read anew for each fetch.
	CABundle string
	// FIPS and DualStack choose among the endpoints of a region.
	FIPS, DualStack bool
}

// Pod is the pod the sidecar runs in. Outside Kubernetes its fields are empty.
type Pod struct {
	Name, Namespace, UID, ServiceAccount string
	// ClusterName and ClusterARN name the cluster the pod runs in, as on EKS; elsewhere they are often empty.
	ClusterName, ClusterARN string
}

// Parse reads the flags in args and the environment through getenv. Its error joins every complaint, each a sentence that
// says what to do; flag.ErrHelp means that help was asked for and has been written to help.
func Parse(args []string, getenv func(string) string, help io.Writer) (Config, error) {
	c := Config{
		IdentityFile:       filepath.Join(contract.MountPath, contract.IdentityFile),
		TokenFile:          filepath.Join(contract.MountPath, contract.TokenFile),
		AuthorizationFile:  filepath.Join(contract.AuthorizationMountPath, contract.AuthorizationFile),
		AuthorizationToken: getenv(EnvAuthorizationToken),
		Listen:             contract.ListenAddress(contract.DefaultPort),
		Source:             SourceWebIdentity,
		EKSAuth:            readEKSAuth(getenv),
		Pod: Pod{
			Name:           getenv(contract.EnvPodName),
			Namespace:      getenv(contract.EnvPodNamespace),
			UID:            getenv(contract.EnvPodUID),
			ServiceAccount: getenv(contract.EnvPodServiceAccount),
			ClusterName:    getenv(contract.EnvClusterName),
			ClusterARN:     getenv(contract.EnvClusterARN),
		},
	}
	flags := flagSet("sidecar", help)
	flags.StringVar(&c.IdentityFile, "identity", c.IdentityFile, "`file` of the identity document; may appear and change later")
	flags.StringVar(&c.TokenFile, "token", c.TokenFile, "`file` of the service account token; may appear and change later")
	flags.StringVar(&c.AuthorizationFile, "authorization", c.AuthorizationFile, "`file` that the sidecar creates for applications to authenticate with")
	flags.StringVar(&c.Listen, "listen", c.Listen, "`address` to listen on, 127.0.0.1:port")
	flags.StringVar(&c.Metrics, "metrics", c.Metrics, "`address` to serve Prometheus metrics on, [ip]:port; none by default")
	flags.StringVar((*string)(&c.Source), "source", string(c.Source), "`who` gives the credentials: web-identity is AWS STS, eks-auth a service that speaks the EKS Auth API")
	if err := parseFlags(flags, args); err != nil {
		return Config{}, err
	}
	var complaint error
	c.STS, complaint = readSTS(getenv)
	if complaint := errors.Join(c.validate(), complaint); complaint != nil {
		return Config{}, complaint
	}
	return c, nil
}

// flagSet is a set of flags that leaves the end of the process to main.
func flagSet(name string, help io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	// The package would print its own complaint in addition to the error it returns.
	flags.SetOutput(io.Discard)
	flags.Usage = func() {
		flags.SetOutput(help)
		_, _ = fmt.Fprintf(help, "Usage of %s:\n", name)
		flags.PrintDefaults()
	}
	return flags
}

func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err != nil {
		return fmt.Errorf("read the arguments: %w; run %s --help to see them", err, flags.Name())
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes flags alone: remove %q", flags.Name(), flags.Arg(0))
	}
	return nil
}
