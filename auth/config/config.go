// Package config turns the arguments of the auth service into a checked configuration, or into all complaints at once.
package config

import (
	"flag"
	"io"
	"strings"
	"time"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
)

// Config is everything the auth service can be told.
type Config struct {
	// ClusterName is the one cluster name that is answered for, and ClusterARN its ARN, for the session tags.
	ClusterName, ClusterARN string
	// Region of STS; empty leaves it to the environment.
	Region string
	// STSEndpoint is the URL of STS; empty is that of the region.
	STSEndpoint string
	// STSRate is how many calls of STS one replica makes in a second, and ClientRate how many requests it takes of one
	// address.
	STSRate, ClientRate int
	// Roles are patterns of the ARNs of roles that may be assumed at all.
	Roles Patterns
	// Listen is the port of the service.
	Listen int
	// Health and Metrics are addresses for probes and for Prometheus; Metrics may be "0" for none.
	Health, Metrics string
	// Namespace the service runs in, and the Service by which pods call it.
	Namespace, Service string
	// CASecret holds the CA, and CAConfigMap tells pods to trust it.
	CASecret, CAConfigMap string
	// CAValidity and CertificateValidity are the lives of the CA and of the server's certificate.
	CAValidity, CertificateValidity time.Duration
	// Propagation is how long pods may take to receive a new CA.
	Propagation time.Duration
	// Drain is how long the service goes on answering after it was told to stop.
	Drain time.Duration
	// LogLevel is one of logrus' levels.
	LogLevel string
}

// Patterns is a flag of patterns, separated by commas. It replaces the default as a whole.
type Patterns []association.Pattern

// String implements flag.Value.
func (p *Patterns) String() string {
	var all []string
	for _, pattern := range *p {
		all = append(all, string(pattern))
	}
	return strings.Join(all, ",")
}

// Set implements flag.Value.
func (p *Patterns) Set(text string) error {
	*p = nil
	for part := range strings.SplitSeq(text, ",") {
		*p = append(*p, association.Pattern(part))
	}
	return nil
}

// Default is the configuration without any argument.
func Default() Config {
	return Config{
		// STS allows an account 600 calls a second in a region, for all who call it.
		STSRate:             100,
		ClientRate:          10,
		Roles:               Patterns{"*"},
		Listen:              9443,
		Health:              ":8081",
		Metrics:             ":8080",
		Service:             "pod-identity-auth",
		CASecret:            contract.AuthCAConfigMap,
		CAConfigMap:         contract.AuthCAConfigMap,
		CAValidity:          365 * 24 * time.Hour,
		CertificateValidity: 7 * 24 * time.Hour,
		// The webhook carries the CA to pods in a minute or two. The rest is for a webhook that is away, and costs nothing:
		// the old certificate is good for days when its CA is replaced.
		Propagation: time.Hour,
		Drain:       5 * time.Second,
		LogLevel:    "info",
	}
}

// Parse reads the arguments. It returns flag.ErrHelp when asked for help, which it has then written to usage, or all
// that is wrong with the arguments.
func Parse(arguments []string, usage io.Writer) (Config, error) {
	config := Default()
	set := flag.NewFlagSet("auth", flag.ContinueOnError)
	bindSessions(set, &config)
	bindServer(set, &config)
	if err := flags.Parse(set, arguments, usage); err != nil {
		return Config{}, err
	}
	return config, config.validate()
}
