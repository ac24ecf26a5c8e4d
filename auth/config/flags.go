package config

import "flag"

func bindSessions(flags *flag.FlagSet, c *Config) {
	flags.StringVar(&c.ClusterName, "cluster-name", c.ClusterName, "name of the cluster, by which clients ask, which must not be empty")
	flags.StringVar(&c.ClusterARN, "cluster-arn", c.ClusterARN, "ARN of the cluster, for the session tags, which must not be empty")
	flags.StringVar(&c.Region, "region", c.Region, "AWS region of STS; AWS_REGION where unset")
	flags.StringVar(&c.STSEndpoint, "sts-endpoint", c.STSEndpoint, "URL of STS, where it is not that of the region")
	flags.IntVar(&c.STSRate, "sts-rate", c.STSRate, "how many calls of STS a replica makes at most in a second")
	flags.Var(&c.Roles, "roles", "patterns of the ARNs of roles that may be assumed, in which * stands for any characters, separated by commas")
}

func bindServer(flags *flag.FlagSet, c *Config) {
	flags.IntVar(&c.Listen, "listen", c.Listen, "port of the service")
	flags.IntVar(&c.ClientRate, "client-rate", c.ClientRate, "how many requests of one address a replica takes in a second")
	flags.StringVar(&c.Health, "health", c.Health, "address of /healthz and /readyz")
	flags.StringVar(&c.Metrics, "metrics", c.Metrics, "address of /metrics, or 0 for none")
	flags.StringVar(&c.Namespace, "namespace", c.Namespace, "namespace of the service")
	flags.StringVar(&c.Service, "service", c.Service, "Service by which pods call")
	flags.StringVar(&c.CASecret, "ca-secret", c.CASecret, "name of the Secret that holds the CA")
	flags.StringVar(&c.CAConfigMap, "ca-configmap", c.CAConfigMap, "name of the ConfigMap by which pods learn to trust the CA")
	flags.DurationVar(&c.CAValidity, "ca-validity", c.CAValidity, "life of the CA")
	flags.DurationVar(&c.CertificateValidity, "certificate-validity", c.CertificateValidity, "life of the server's certificate")
	flags.DurationVar(&c.Propagation, "propagation", c.Propagation, "how long after a new CA was published its first certificate is shown")
	flags.DurationVar(&c.Drain, "drain", c.Drain, "how long to go on answering after SIGTERM, until no pod calls any more")
	flags.StringVar(&c.LogLevel, "log-level", c.LogLevel, "error, warning, info or debug")
}
