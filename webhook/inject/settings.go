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
	// STSEndpoint replaces the regional endpoint of AWS STS; empty keeps it.
	STSEndpoint string
	// Audience of the service account token.
	Audience string
	// TokenExpiration is the life of the service account token; the kubelet renews it at 80 % of that.
	TokenExpiration time.Duration
	// Port of the sidecar on 127.0.0.1, unless the pod asks for another.
	Port int
	// Wait bounds how long an application waits for its first credentials, unless the pod asks for another bound.
	Wait time.Duration
	// DisableIMDS sets AWS_EC2_METADATA_DISABLED, so that no SDK falls back to the role of the node in silence.
	DisableIMDS bool
	// Resources of the sidecar.
	Resources corev1.ResourceRequirements
}

// DefaultSettings are the settings of an installation that sets none. They name no image: it belongs to the release.
func DefaultSettings() Settings {
	return Settings{
		Audience: contract.DefaultAudience,
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
			Limits: corev1.ResourceList{
				corev1.ResourceMemory: resource.MustParse("32Mi"),
			},
		},
	}
}
