package inject

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/contract"
)

// volumes are the projected volume of the sidecar, and the emptyDir that it shares with the application.
func volumes(settings Settings) []corev1.Volume {
	return []corev1.Volume{
		{Name: contract.VolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: tokenVolumeSources(settings),
		}}},
		{Name: contract.AuthorizationVolumeName, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
			// Memory, so that no token is ever written to a disk.
			Medium:    corev1.StorageMediumMemory,
			SizeLimit: new(resource.MustParse("64Ki")),
		}}},
	}
}

// isTokenVolume tells whether a volume is the projected one. It checks only the token, since API servers set defaults.
func isTokenVolume(volume corev1.Volume) bool {
	return volume.Projected != nil && slices.ContainsFunc(volume.Projected.Sources, func(s corev1.VolumeProjection) bool {
		return s.ServiceAccountToken != nil && s.ServiceAccountToken.Path == contract.TokenFile
	})
}

// isAuthorizationVolume tells whether a volume is the shared one, by its medium.
func isAuthorizationVolume(volume corev1.Volume) bool {
	return volume.EmptyDir != nil && volume.EmptyDir.Medium == corev1.StorageMediumMemory
}

func tokenVolumeSources(settings Settings) []corev1.VolumeProjection {
	all := []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
			Audience:          settings.audience(),
			ExpirationSeconds: new(int64(settings.TokenExpiration.Seconds())),
			Path:              contract.TokenFile,
		}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: annotationFiles(settings)}},
	}
	if settings.STS.CAConfigMap != "" {
		all = append(all, corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: settings.STS.CAConfigMap},
			Items:                []corev1.KeyToPath{{Key: contract.CABundleKey, Path: contract.STSCAFile}},
			// If it were required and missing, the pod would never start; the sidecar reports it instead.
			Optional: new(true),
		}})
	}
	return all
}

// annotationFiles are files that the kubelet keeps equal to the pod's annotations while it runs.
func annotationFiles(settings Settings) []corev1.DownwardAPIVolumeFile {
	file := func(path, annotation string) corev1.DownwardAPIVolumeFile {
		return corev1.DownwardAPIVolumeFile{Path: path, FieldRef: &corev1.ObjectFieldSelector{
			FieldPath: fmt.Sprintf("metadata.annotations['%s']", annotation),
		}}
	}
	all := []corev1.DownwardAPIVolumeFile{file(contract.IdentityFile, contract.AnnotationIdentity)}
	if settings.NeedsAuthCA() {
		all = append(all, file(contract.AuthCAFile, contract.AnnotationAuthCA))
	}
	return all
}
