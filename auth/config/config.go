// Package config turns the arguments of the auth service into checked settings, or into an error that names every mistake at once.
package config

import (
	"flag"
	"io"
	"time"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/auth/api"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
)

// Config is everything that the auth service is told.
type Config struct {
	// API and Sessions are the settings of these packages. Both have the name and the ARN of the cluster.
	API      api.Settings
	Sessions sessions.Settings
	// Region of STS; empty leaves it to the environment.
	Region string
	// Listen is the port of the service.
	Listen int
	// Health and Metrics are addresses for probes and for Prometheus; Metrics may be "0" for none.
	Health, Metrics string
	// Namespace the service runs in, and the Service by which pods call it.
	Namespace, Service string
	// CASecret holds the CA, and CAConfigMap its certificate for pods.
	CASecret, CAConfigMap string
	// CAValidity and CertificateValidity are the lifetimes of the CA and of the server's certificate.
	CAValidity, CertificateValidity time.Duration
	// Propagation is how long pods may take to receive a new CA.
	Propagation time.Duration
	// Drain is how long the service goes on answering after SIGTERM.
	Drain time.Duration
	// LogLevel is one of logrus' levels.
	LogLevel string
}

// Default is the configuration without any argument.
func Default() Config {
	return Config{
		API: api.Settings{Roles: []association.Pattern{"*"}, ClientRate: 10},
		// STS allows all callers in an account 600 calls a second in a region.
		Sessions:            sessions.Settings{Rate: 100},
		Listen:              9443,
		Health:              ":8081",
		Metrics:             ":8080",
		Service:             "pod-identity-auth",
		CASecret:            "pod-identity-auth-ca",
		CAConfigMap:         contract.AuthCAConfigMap,
		CAValidity:          365 * 24 * time.Hour,
		CertificateValidity: 7 * 24 * time.Hour,
		// The webhook copies the CA to pods within two minutes. The rest is for a webhook that is away, and costs nothing: when
		// the CA is replaced, the old certificate is valid for days.
		Propagation: time.Hour,
		Drain:       5 * time.Second,
		LogLevel:    "info",
	}
}

// Parse reads the arguments. Its error joins all mistakes. It is flag.ErrHelp if help was asked for, which is then written to
// help.
func Parse(arguments []string, help io.Writer) (Config, error) {
	config := Default()
	set := flag.NewFlagSet("auth", flag.ContinueOnError)
	bindSessions(set, &config)
	bindServer(set, &config)
	if err := flags.Parse(set, arguments, help); err != nil {
		return Config{}, err
	}
	config.Sessions.ClusterName, config.Sessions.ClusterARN = config.API.ClusterName, config.API.ClusterARN
	return config, config.validate()
}
