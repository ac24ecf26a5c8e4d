// Package config turns the arguments of the webhook into a checked configuration, or into all complaints at once.
package config

import (
	"flag"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/webhook/inject"
)

// Config is everything the webhook can be told.
type Config struct {
	// Listen is the port of the admission server.
	Listen int
	// Health and Metrics are addresses for probes and for Prometheus; Metrics may be "0" for none.
	Health, Metrics string
	// Namespace the webhook runs in; its CA lives there.
	Namespace string
	// Services by which API servers call the webhook, this replica or another.
	Services []string
	// Webhooks are the names of the MutatingWebhookConfigurations.
	Webhooks []string
	// Lease by which the replica is elected that annotates and reports.
	Lease string
	// CertificateDir is a folder whose tls.crt and tls.key, which somebody else keeps, the webhook serves. Empty, it makes
	// its own certificates.
	CertificateDir string
	// CASecret is the name of the Secret that holds the CA.
	CASecret string
	// CAValidity and CertificateValidity are the lives of the CA and of the server's certificate.
	CAValidity, CertificateValidity time.Duration
	// Drain is how long the webhook goes on answering after it was told to stop.
	Drain time.Duration
	// IRSA takes the role that a ServiceAccount names by the annotation of IRSA, where no association gives one. It is false
	// where pods ask an auth service: that one looks at associations alone, since it may assume the roles of everybody.
	IRSA bool
	// LogLevel is one of logrus' levels.
	LogLevel string
	// Injection is what every injected pod gets.
	Injection inject.Settings
}

// Excluded are the namespaces that the API server never calls the webhook for, whatever their label.
func (c Config) Excluded() []string { return []string{metav1.NamespaceSystem, c.Namespace} }

// Default is the configuration without any argument.
func Default() Config {
	return Config{
		Listen:              9443,
		Health:              ":8081",
		Metrics:             ":8080",
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

// Parse reads the arguments. It returns flag.ErrHelp when asked for help, which it has then written to usage, or all
// that is wrong with the arguments.
func Parse(arguments []string, usage io.Writer) (Config, error) {
	config := Default()
	set := flag.NewFlagSet("webhook", flag.ContinueOnError)
	bindServer(set, &config)
	bindIRSA(set, &config.IRSA)
	bindInjection(set, &config.Injection)
	if err := flags.Parse(set, arguments, usage); err != nil {
		return Config{}, err
	}
	config.IRSA = config.IRSA && !config.Injection.UsesEKSAuth()
	return config, config.validate()
}

func bindServer(flags *flag.FlagSet, c *Config) {
	flags.IntVar(&c.Listen, "listen", c.Listen, "port of the admission server")
	flags.StringVar(&c.Health, "health", c.Health, "address of /healthz and /readyz")
	flags.StringVar(&c.Metrics, "metrics", c.Metrics, "address of /metrics, or 0 for none")
	flags.StringVar(&c.Namespace, "namespace", c.Namespace, "namespace of the webhook")
	flags.Var((*names)(&c.Services), "services", "Services by which API servers call the webhook, for its certificate, separated by commas")
	flags.Var((*names)(&c.Webhooks), "webhooks", "names of the MutatingWebhookConfigurations, separated by commas")
	flags.StringVar(&c.Lease, "lease", c.Lease, "Lease by which the replica is elected that annotates running pods and reports")
	flags.StringVar(&c.CertificateDir, "certificate-dir", c.CertificateDir, "folder with tls.crt and tls.key that somebody else keeps, such as cert-manager; where unset, the webhook makes its own certificates and has the API server trust them")
	flags.StringVar(&c.CASecret, "ca-secret", c.CASecret, "name of the Secret that holds the CA")
	flags.DurationVar(&c.CAValidity, "ca-validity", c.CAValidity, "life of the CA")
	flags.DurationVar(&c.CertificateValidity, "certificate-validity", c.CertificateValidity, "life of the server's certificate")
	flags.DurationVar(&c.Drain, "drain", c.Drain, "how long to go on answering after SIGTERM, until no API server calls any more")
	flags.StringVar(&c.LogLevel, "log-level", c.LogLevel, "error, warning, info or debug")
}

func bindIRSA(flags *flag.FlagSet, irsa *bool) {
	flags.BoolVar(irsa, "irsa", *irsa, "where no association gives a role, take that of the ServiceAccount's annotation "+contract.AnnotationRoleARN+"; without effect with --source=eks-auth, whose service looks at associations alone")
}

func bindInjection(flags *flag.FlagSet, i *inject.Settings) {
	flags.StringVar(&i.Image, "image", i.Image, "image of the sidecar, which must not be empty")
	flags.StringVar((*string)(&i.ImagePullPolicy), "image-pull-policy", "", "pull policy of the sidecar: Always, IfNotPresent or Never; Kubernetes chooses where unset")
	flags.StringVar(&i.Region, "region", i.Region, "AWS region of applications that set none, and of STS")
	flags.StringVar(&i.Source, "source", i.Source, "who gives the credentials: web-identity is AWS STS, eks-auth a service that speaks the EKS Auth API")
	flags.StringVar(&i.EKSAuthEndpoint, "eks-auth-endpoint", i.EKSAuthEndpoint, "URL of that service, with --source=eks-auth")
	flags.StringVar(&i.ClusterName, "cluster-name", i.ClusterName, "name of the cluster in session tags, and for that service")
	flags.StringVar(&i.STS.Endpoint, "sts-endpoint", i.STS.Endpoint, "URL of STS, where it is not that of the region")
	flags.StringVar(&i.STS.CAConfigMap, "sts-ca-configmap", i.STS.CAConfigMap, "ConfigMap in each pod's namespace whose key "+contract.CABundleKey+" has the CAs of STS")
	flags.BoolVar(&i.STS.FIPS, "sts-fips", i.STS.FIPS, "use the FIPS endpoint of STS")
	flags.BoolVar(&i.STS.DualStack, "sts-dual-stack", i.STS.DualStack, "use the dual-stack endpoint of STS")
	flags.StringVar(&i.STS.HTTPSProxy, "sts-https-proxy", i.STS.HTTPSProxy, "URL of the proxy through which the sidecar reaches STS")
	flags.StringVar(&i.STS.NoProxy, "sts-no-proxy", i.STS.NoProxy, "what the sidecar reaches without that proxy")
	flags.StringVar(&i.Audience, "audience", i.Audience, "audience of the service account token; unset it is "+contract.DefaultAudience+", or "+contract.AuthAudience+" with --source=eks-auth")
	flags.DurationVar(&i.TokenExpiration, "token-expiration", i.TokenExpiration, "life of the service account token, at least 10m")
	flags.IntVar(&i.Port, "port", i.Port, "port of the sidecar on 127.0.0.1")
	flags.DurationVar(&i.Wait, "wait", i.Wait, "how long an application waits at most for its first credentials")
	flags.Var((*resourceList)(&i.Resources.Requests), "requests", "resource requests of the sidecar")
	flags.Var((*resourceList)(&i.Resources.Limits), "limits", "resource limits of the sidecar")
	flags.Var((*resourceList)(&i.GuaranteedResources), "guaranteed", "resource requests and limits of the sidecar in a pod of the class Guaranteed")
	flags.BoolVar(&i.DisableIMDS, "disable-imds", i.DisableIMDS, "set AWS_EC2_METADATA_DISABLED in applications, so that none falls back to the role of its node")
}
