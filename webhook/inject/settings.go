package inject

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/contract"
)

// Settings are what an installation decides for all of its pods.
type Settings struct {
	// Image of the sidecar.
	Image string
	// ImagePullPolicy of the sidecar; empty leaves it to Kubernetes.
	ImagePullPolicy corev1.PullPolicy
	// Region that applications and the sidecar get as AWS_REGION; empty sets none.
	Region string
	// Source is who gives the sidecar credentials: contract.SourceWebIdentity or contract.SourceEKSAuth.
	Source string
	// STS is how the sidecar reaches AWS STS, where that is its source.
	STS STS
	// EKSAuthEndpoint is the URL of the auth service, where that is the sidecar's source.
	EKSAuthEndpoint string
	// ClusterName is what the auth service, and session tags, call the cluster; it may be empty with the other source.
	ClusterName string
	// Audience of the service account token; empty is what the source expects.
	Audience string
	// TokenExpiration is the life of the service account token; the kubelet renews it at 80 % of that.
	TokenExpiration time.Duration
	// Port of the sidecar on 127.0.0.1, unless the pod asks for another.
	Port int
	// Wait bounds how long an application waits for its first credentials, unless the pod asks for another bound.
	Wait time.Duration
	// DisableIMDS sets AWS_EC2_METADATA_DISABLED, so that no SDK falls back to the role of the node in silence.
	DisableIMDS bool
	// Resources of the sidecar. In a pod of the class Guaranteed it gets GuaranteedResources, as requests and limits.
	Resources           corev1.ResourceRequirements
	GuaranteedResources corev1.ResourceList
}

// STS says how the sidecar reaches AWS STS. The zero value is the endpoint of the region, directly.
type STS struct {
	// Endpoint is a URL in place of Amazon's.
	Endpoint string
	// CAConfigMap names a ConfigMap, in the namespace of each pod, whose key ca.crt holds the CAs by which STS is known.
	CAConfigMap string
	// FIPS and DualStack choose between Amazon's endpoints.
	FIPS, DualStack bool
	// HTTPSProxy is a URL; NoProxy lists what is reached without it.
	HTTPSProxy, NoProxy string
}

// DefaultSettings are the settings of an installation that sets none. They name no image: it belongs to the release.
func DefaultSettings() Settings {
	return Settings{
		Source: contract.SourceWebIdentity,
		// As in EKS: long enough for credentials to be refreshed through a day without an API server.
		TokenExpiration: 24 * time.Hour,
		Port:            contract.DefaultPort,
		Wait:            30 * time.Second,
		DisableIMDS:     true,
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("5m"),
				corev1.ResourceMemory: resource.MustParse("16Mi"),
			},
			// A quota demands a limit for CPU; this one is above what even the start uses.
			Limits: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("200m"),
				corev1.ResourceMemory: resource.MustParse("32Mi"),
			},
		},
		GuaranteedResources: corev1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("100m"),
			corev1.ResourceMemory: resource.MustParse("32Mi"),
		},
	}
}

// AsksAuthService tells whether the sidecars get their credentials from an auth service, and not from STS.
func (s Settings) AsksAuthService() bool { return s.Source == contract.SourceEKSAuth }

// CarriesAuthCA tells whether that service is known by authorities that pods must be told. Amazon's own is known by public ones.
func (s Settings) CarriesAuthCA() bool {
	_, amazon := contract.AmazonEKSAuth(s.EKSAuthEndpoint)
	return s.AsksAuthService() && !amazon
}

func (s Settings) audience() string {
	switch {
	case s.Audience != "":
		return s.Audience
	case s.AsksAuthService():
		return contract.AuthAudience
	default:
		return contract.DefaultAudience
	}
}
