package inject

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/contract"
)

// volumes are what the sidecar reads, and what it shares with the application.
func volumes(settings Settings) []corev1.Volume {
	return []corev1.Volume{
		{Name: contract.VolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: sources(settings),
		}}},
		{Name: contract.AuthorizationVolumeName, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
			// Memory, so that no token is ever on a disk; one page holds it.
			Medium:    corev1.StorageMediumMemory,
			SizeLimit: new(resource.MustParse("64Ki")),
		}}},
	}
}

// holdsToken tells whether a volume is the first of ours: whatever a server adds by default, it has the token.
func holdsToken(volume corev1.Volume) bool {
	return volume.Projected != nil && slices.ContainsFunc(volume.Projected.Sources, func(s corev1.VolumeProjection) bool {
		return s.ServiceAccountToken != nil && s.ServiceAccountToken.Path == contract.TokenFile
	})
}

// isMemory tells whether a volume is the second of ours.
func isMemory(volume corev1.Volume) bool {
	return volume.EmptyDir != nil && volume.EmptyDir.Medium == corev1.StorageMediumMemory
}

func sources(settings Settings) []corev1.VolumeProjection {
	all := []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
			Audience:          settings.audience(),
			ExpirationSeconds: new(int64(settings.TokenExpiration.Seconds())),
			Path:              contract.TokenFile,
		}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: fromAnnotations(settings)}},
	}
	if settings.STS.CAConfigMap != "" {
		all = append(all, corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: settings.STS.CAConfigMap},
			Items:                []corev1.KeyToPath{{Key: "ca.crt", Path: contract.STSCAFile}},
			// Without it the pod would not start and say nothing of why; the sidecar does.
			Optional: new(true),
		}})
	}
	return all
}

// fromAnnotations are the files that follow the pod's annotations while it runs.
func fromAnnotations(settings Settings) []corev1.DownwardAPIVolumeFile {
	file := func(path, annotation string) corev1.DownwardAPIVolumeFile {
		return corev1.DownwardAPIVolumeFile{Path: path, FieldRef: &corev1.ObjectFieldSelector{
			FieldPath: fmt.Sprintf("metadata.annotations['%s']", annotation),
		}}
	}
	all := []corev1.DownwardAPIVolumeFile{file(contract.IdentityFile, contract.AnnotationIdentity)}
	if settings.CarriesAuthCA() {
		all = append(all, file(contract.AuthCAFile, contract.AnnotationAuthCA))
	}
	return all
}
