package config

import (
	"flag"
	"strings"

	"github.com/podidentity/podidentity/association"
)

func bindSessions(set *flag.FlagSet, c *Config) {
	set.StringVar(&c.API.ClusterName, "cluster-name", c.API.ClusterName, "name of the cluster, which clients send; required")
	set.StringVar(&c.API.ClusterARN, "cluster-arn", c.API.ClusterARN, "ARN of the cluster, for the session tags; required")
	set.StringVar(&c.Region, "region", c.Region, "AWS region of STS; AWS_REGION where unset")
	set.StringVar(&c.Sessions.Endpoint, "sts-endpoint", c.Sessions.Endpoint, "URL of STS, where it is not that of the region")
	set.IntVar(&c.Sessions.Rate, "sts-rate", c.Sessions.Rate, "calls of STS that a replica makes in a second, at most")
	set.Var((*patterns)(&c.API.Roles), "roles", "patterns of the ARNs of roles that may be assumed, in which * stands for any characters, separated by commas")
}

func bindServer(set *flag.FlagSet, c *Config) {
	set.IntVar(&c.Listen, "listen", c.Listen, "port of the service")
	set.IntVar(&c.API.ClientRate, "client-rate", c.API.ClientRate, "requests of one address that a replica serves in a second, at most")
	set.StringVar(&c.Health, "health", c.Health, "address of /healthz and /readyz")
	set.StringVar(&c.Metrics, "metrics", c.Metrics, "address of /metrics, or 0 for none")
	set.StringVar(&c.Namespace, "namespace", c.Namespace, "namespace of the service; required")
	set.StringVar(&c.Service, "service", c.Service, "Service by which pods call, for its certificate")
	set.StringVar(&c.CASecret, "ca-secret", c.CASecret, "Secret that holds the CA")
	set.StringVar(&c.CAConfigMap, "ca-configmap", c.CAConfigMap, "ConfigMap in which the CA is published for pods")
	set.DurationVar(&c.CAValidity, "ca-validity", c.CAValidity, "lifetime of the CA")
	set.DurationVar(&c.CertificateValidity, "certificate-validity", c.CertificateValidity, "lifetime of the server's certificate")
	set.DurationVar(&c.Propagation, "propagation", c.Propagation, "how long after a new CA was published its first certificate is served")
	set.DurationVar(&c.Drain, "drain", c.Drain, "how long to go on answering after SIGTERM, until no pod calls any more")
	set.StringVar(&c.LogLevel, "log-level", c.LogLevel, "error, warning, info or debug")
}

// patterns is a flag of patterns, separated by commas. It replaces the default as a whole.
type patterns []association.Pattern

// String implements flag.Value.
func (p *patterns) String() string {
	var all []string
	for _, pattern := range *p {
		all = append(all, string(pattern))
	}
	return strings.Join(all, ",")
}

// Set implements flag.Value.
func (p *patterns) Set(text string) error {
	*p = nil
	for part := range strings.SplitSeq(text, ",") {
		*p = append(*p, association.Pattern(part))
	}
	return nil
}
