package inject

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/contract"
)

// Settings are what an installation decides for all of its pods.
type Settings struct {
	// Image of the sidecar.
	Image string
	// ImagePullPolicy of the sidecar; empty leaves it to Kubernetes.
	ImagePullPolicy corev1.PullPolicy
	// Region that applications and the sidecar get as AWS_REGION; empty for none.
	Region string
	// Source of the sidecar's credentials: contract.SourceWebIdentity or contract.SourceEKSAuth.
	Source string
	// STS is how the sidecar reaches AWS STS, if that is its source.
	STS STS
	// EKSAuthEndpoint is the URL of the auth service, if that is the sidecar's source.
	EKSAuthEndpoint string
	// ClusterName is the name of the cluster in session tags and for the auth service; only that source requires it.
	ClusterName string
	// Audience of the service account token; empty for the one that the source expects.
	Audience string
	// TokenExpiration is the lifetime of the service account token; the kubelet renews it at 80 % of that.
	TokenExpiration time.Duration
	// Port of the sidecar on 127.0.0.1, unless the pod chooses another.
	Port int
	// Wait bounds how long an application waits for its first credentials, unless the pod chooses another bound.
	Wait time.Duration
	// Readiness is one of the constants of that name, unless the pod chooses another.
	Readiness string
	// DisableIMDS sets AWS_EC2_METADATA_DISABLED, so that no SDK silently falls back to the role of the node.
	DisableIMDS bool
	// Resources of the sidecar. In a pod of the QoS class Guaranteed it gets GuaranteedResources as requests and limits. These are also its limits
	// where it has none and its namespace demands them.
	Resources           corev1.ResourceRequirements
	GuaranteedResources corev1.ResourceList
}

// STS says how the sidecar reaches AWS STS. The zero value is the endpoint of the region, without a proxy.
type STS struct {
	// Endpoint is a URL in place of Amazon's.
	Endpoint string
	// CAConfigMap names a ConfigMap, in the namespace of each pod, whose key ca.crt has the CA certificates of STS.
	CAConfigMap string
	// FIPS and DualStack choose between Amazon's endpoints.
	FIPS, DualStack bool
	// HTTPSProxy is a URL; NoProxy lists what is reached without it.
	HTTPSProxy, NoProxy string
}

// DefaultSettings are those of an installation that sets nothing. They name no image, which belongs to the release.
func DefaultSettings() Settings {
	return Settings{
		Source: contract.SourceWebIdentity,
		// As in EKS: credentials can be refreshed throughout a day without an API server.
		TokenExpiration: 24 * time.Hour,
		Port:            contract.DefaultPort,
		Wait:            30 * time.Second,
		Readiness:       ReadinessHTTP,
		DisableIMDS:     true,
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("5m"),
				// The most that the kernel counts in the container: see docs/benchmarks.md.
				corev1.ResourceMemory: resource.MustParse("12Mi"),
			},
			// A limit of CPU would throttle the start, for which applications wait. The sidecar cannot occupy a node: Go runs it on one core
			// (GOMAXPROCS in the Dockerfile), and its request makes it yield to whatever has a larger one.
			Limits: corev1.ResourceList{
				corev1.ResourceMemory: resource.MustParse("32Mi"),
			},
		},
		GuaranteedResources: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("100m"),
			corev1.ResourceMemory: resource.MustParse("32Mi"),
		},
	}
}

// UsesEKSAuth reports whether the sidecars get their credentials from an auth service instead of STS.
func (s Settings) UsesEKSAuth() bool { return s.Source == contract.SourceEKSAuth }

// NeedsAuthCA reports whether pods must be given the CA of that service. Amazon's own has a certificate of a public CA.
func (s Settings) NeedsAuthCA() bool {
	_, amazon := contract.AmazonEKSAuth(s.EKSAuthEndpoint)
	return s.UsesEKSAuth() && !amazon
}

func (s Settings) audience() string {
	switch {
	case s.Audience != "":
		return s.Audience
	case s.UsesEKSAuth():
		return contract.AuthAudience
	default:
		return contract.STSAudience
	}
}

// ExcludedNamespaces are those for which the API server never calls a webhook in this namespace, whatever their label.
func ExcludedNamespaces(webhook string) []string { return []string{metav1.NamespaceSystem, webhook} }
