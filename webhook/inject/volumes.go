package inject

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/contract"
)

// volumes are what the sidecar reads, and what it shares with the application.
func volumes(settings Settings) []corev1.Volume {
	return []corev1.Volume{
		{Name: contract.VolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
					Audience:          settings.Audience,
					ExpirationSeconds: new(int64(settings.TokenExpiration.Seconds())),
					Path:              contract.TokenFile,
				}},
				{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
					Path: contract.IdentityFile,
					FieldRef: &corev1.ObjectFieldSelector{
						FieldPath: fmt.Sprintf("metadata.annotations['%s']", contract.AnnotationIdentity),
					},
				}}}},
			},
		}}},
		{Name: contract.AuthorizationVolumeName, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
			// Memory, so that no token is ever on a disk; one page holds it.
			Medium:    corev1.StorageMediumMemory,
			SizeLimit: new(resource.MustParse("64Ki")),
		}}},
	}
}
