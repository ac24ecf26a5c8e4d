// Package config turns the arguments of the webhook into checked settings, or into an error that names every mistake at once.
package config

import (
	"flag"
	"io"
	"time"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/webhook/inject"
)

// Config is the configuration of the webhook.
type Config struct {
	// Listen is the port of the admission server.
	Listen int
	// Health and Metrics are addresses for probes and for Prometheus; "0" disables Metrics.
	Health, Metrics string
	// MetricsLimit is how many namespaces, and how many associations, metrics name at most.
	MetricsLimit int
	// Namespace of the webhook; its CA is kept there.
	Namespace string
	// Services by which API servers call the webhook. The certificate of each replica is valid for all of them.
	Services []string
	// Webhooks are the names of the MutatingWebhookConfigurations.
	Webhooks []string
	// Lease by which the leader is elected.
	Lease string
	// CertificateDir is a directory with tls.crt and tls.key that somebody else maintains, such as cert-manager. If it is empty,
	// the webhook makes its own certificates.
	CertificateDir string
	// CASecret is the name of the Secret that holds the CA.
	CASecret string
	// CAValidity and CertificateValidity are the lifetimes of the CA and of the server's certificate.
	CAValidity, CertificateValidity time.Duration
	// Drain is how long the webhook goes on answering after SIGTERM.
	Drain time.Duration
	// IRSA uses the role that a ServiceAccount names for IRSA, if no association gives one and its namespace has no bounds. It has no effect
	// with an auth service, which may assume the roles of everybody.
	IRSA bool
	// WatchIssuer has the leader compare the keys of the API server with what is published at its issuer.
	WatchIssuer bool
	// LogLevel is one of logrus' levels.
	LogLevel string
	// Injection is what every injected pod gets.
	Injection inject.Settings
}

// Default is the configuration without arguments.
func Default() Config {
	return Config{
		Listen:              9443,
		Health:              ":8081",
		Metrics:             ":8080",
		MetricsLimit:        1000,
		Services:            []string{"pod-identity-webhook", "pod-identity-webhook-standby"},
		Webhooks:            []string{"pod-identity", "pod-identity-standby"},
		Lease:               "pod-identity-webhook",
		CASecret:            "pod-identity-ca",
		CAValidity:          365 * 24 * time.Hour,
		CertificateValidity: 7 * 24 * time.Hour,
		Drain:               5 * time.Second,
		IRSA:                true,
		LogLevel:            "info",
		Injection:           inject.DefaultSettings(),
	}
}

// Parse reads the arguments. Its error names every mistake in them, or is flag.ErrHelp if help was asked for, which is then written to help.
func Parse(arguments []string, help io.Writer) (Config, error) {
	config := Default()
	if err := flags.Parse(flagSet(&config), arguments, help); err != nil {
		return Config{}, err
	}
	return config, config.validate()
}

// flagSet has the flags of the server, with the values of the configuration as defaults.
func flagSet(config *Config) *flag.FlagSet {
	set := flag.NewFlagSet("webhook", flag.ContinueOnError)
	bindServer(set, config)
	BindIRSA(set, &config.IRSA)
	BindInjection(set, &config.Injection)
	return set
}

func bindServer(set *flag.FlagSet, c *Config) {
	set.IntVar(&c.Listen, "listen", c.Listen, "port of the admission server")
	set.StringVar(&c.Health, "health", c.Health, "address of /healthz and /readyz")
	set.StringVar(&c.Metrics, "metrics", c.Metrics, "address of /metrics, or 0 for none")
	set.IntVar(&c.MetricsLimit, "metrics-limit", c.MetricsLimit, "namespaces, and associations, that metrics name at most; those beyond are counted together as _others")
	set.StringVar(&c.Namespace, "namespace", c.Namespace, "namespace of the webhook")
	set.Var((*names)(&c.Services), "services", "Services by which API servers call the webhook, for its certificate, separated by commas")
	set.Var((*names)(&c.Webhooks), "webhooks", "names of the MutatingWebhookConfigurations, separated by commas")
	set.StringVar(&c.Lease, "lease", c.Lease, "Lease by which the leader is elected, which updates running pods and reports status")
	set.StringVar(&c.CertificateDir, "certificate-dir", c.CertificateDir, "directory with tls.crt and tls.key that somebody else maintains, such as cert-manager; unset, the webhook makes its own certificates and has the API server trust them")
	set.StringVar(&c.CASecret, "ca-secret", c.CASecret, "name of the Secret that holds the CA")
	set.DurationVar(&c.CAValidity, "ca-validity", c.CAValidity, "lifetime of the CA")
	set.DurationVar(&c.CertificateValidity, "certificate-validity", c.CertificateValidity, "lifetime of the server's certificate")
	set.DurationVar(&c.Drain, "drain", c.Drain, "how long to go on answering after SIGTERM, until no API server calls any more")
	set.BoolVar(&c.WatchIssuer, "watch-issuer", c.WatchIssuer, "have the leader compare the keys of the API server with what is published at its issuer, and warn before STS refuses tokens")
	set.StringVar(&c.LogLevel, "log-level", c.LogLevel, "error, warning, info or debug")
}

// Annotations says which annotations of service accounts give roles. Those within the bounds of a namespace always do.
func (c Config) Annotations() association.Annotations {
	if c.IRSA && !c.Injection.UsesEKSAuth() {
		return association.AllAnnotations
	}
	return association.BoundedAnnotations
}

// BindIRSA adds the flag that says whether the roles that service accounts name for IRSA count.
func BindIRSA(set *flag.FlagSet, irsa *bool) {
	set.BoolVar(irsa, "irsa", *irsa, "in namespaces without bounds, if no association gives a role, use that of the ServiceAccount's annotation "+contract.AnnotationRoleARN+"; no effect with --source=eks-auth")
}

// BindInjection adds the flags that say what pods get.
func BindInjection(set *flag.FlagSet, i *inject.Settings) {
	set.StringVar(&i.Image, "image", i.Image, "image of the sidecar")
	set.StringVar((*string)(&i.ImagePullPolicy), "image-pull-policy", "", "pull policy of the sidecar: Always, IfNotPresent or Never; unset, Kubernetes chooses")
	set.StringVar(&i.Region, "region", i.Region, "AWS region of STS, and of applications that set none")
	set.StringVar(&i.Source, "source", i.Source, "source of credentials: web-identity is AWS STS, eks-auth is a service with the EKS Auth API")
	set.StringVar(&i.EKSAuthEndpoint, "eks-auth-endpoint", i.EKSAuthEndpoint, "URL of the auth service, with --source=eks-auth")
	set.StringVar(&i.ClusterName, "cluster-name", i.ClusterName, "name of the cluster, for session tags and the auth service")
	set.StringVar(&i.STS.Endpoint, "sts-endpoint", i.STS.Endpoint, "URL of STS, if it is not that of the region")
	set.StringVar(&i.STS.CAConfigMap, "sts-ca-configmap", i.STS.CAConfigMap, "ConfigMap in each pod's namespace whose key "+contract.CABundleKey+" has the CA certificates of STS")
	set.BoolVar(&i.STS.FIPS, "sts-fips", i.STS.FIPS, "use the FIPS endpoint of STS")
	set.BoolVar(&i.STS.DualStack, "sts-dual-stack", i.STS.DualStack, "use the dual-stack endpoint of STS")
	set.StringVar(&i.STS.HTTPSProxy, "sts-https-proxy", i.STS.HTTPSProxy, "URL of the proxy through which the sidecar reaches STS")
	set.StringVar(&i.STS.NoProxy, "sts-no-proxy", i.STS.NoProxy, "hosts that the sidecar reaches without that proxy")
	set.StringVar(&i.Audience, "audience", i.Audience, "audience of the service account token; unset, it is "+contract.STSAudience+", or "+contract.AuthAudience+" with --source=eks-auth")
	set.DurationVar(&i.TokenExpiration, "token-expiration", i.TokenExpiration, "lifetime of the service account token, from 10m to 24h")
	set.IntVar(&i.Port, "port", i.Port, "port of the sidecar on 127.0.0.1")
	set.DurationVar(&i.Wait, "wait", i.Wait, "how long an application waits for its first credentials at most")
	set.StringVar(&i.Readiness, "readiness", i.Readiness, "true: a pod is unready until its first credentials, by HTTP probes; exec: by exec probes; false: it is ready without")
	set.Var((*resourceList)(&i.Resources.Requests), "requests", "resource requests of the sidecar")
	set.Var((*resourceList)(&i.Resources.Limits), "limits", "resource limits of the sidecar")
	set.Var((*resourceList)(&i.GuaranteedResources), "guaranteed", "resource requests and limits of the sidecar in a pod of the QoS class Guaranteed")
	set.BoolVar(&i.DisableIMDS, "disable-imds", i.DisableIMDS, "set AWS_EC2_METADATA_DISABLED in applications, so that they do not fall back to the role of the node")
}
