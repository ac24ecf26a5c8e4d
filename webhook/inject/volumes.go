package inject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/contract"
)

// annotationEvictableVolumes lists volumes that do not keep Cluster Autoscaler from removing a node. Its releases that belong to
// Kubernetes 1.27 and later do not count volumes in memory, which other tools may do.
const annotationEvictableVolumes = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"

// evictableVolumes adds our emptyDir to the list of the pod, which has no blanks: Cluster Autoscaler does not trim names.
func evictableVolumes(list string) string {
	switch {
	case list == "":
		return contract.AuthorizationVolumeName
	case len(list) > maxAnnotationBytes || slices.Contains(strings.Split(list, ","), contract.AuthorizationVolumeName):
		return list
	}
	return list + "," + contract.AuthorizationVolumeName
}

// volumes are the projected volume of the sidecar, and the emptyDir that it shares with the application.
func volumes(settings Settings) []corev1.Volume {
	return []corev1.Volume{
		{Name: contract.VolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: tokenVolumeSources(settings),
		}}},
		{Name: contract.AuthorizationVolumeName, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
			// Memory, so that no token is ever written to a disk.
			Medium: corev1.StorageMediumMemory,
			// Each token takes a page, which has 64 KiB on some nodes. What is not used takes none.
			SizeLimit: new(resource.MustParse("16Mi")),
		}}},
	}
}

// isForeignVolume reports whether a volume has one of our names and not our content. It looks at what other content would change, and
// not at what API servers set defaults of.
func isForeignVolume(volume corev1.Volume) bool {
	switch volume.Name {
	case contract.VolumeName:
		return volume.Projected == nil || !slices.ContainsFunc(volume.Projected.Sources, isTokenSource) ||
			slices.ContainsFunc(volume.Projected.Sources, isForeignSource)
	case contract.AuthorizationVolumeName:
		return volume.EmptyDir == nil || volume.EmptyDir.Medium != corev1.StorageMediumMemory
	}
	return false
}

func isTokenSource(source corev1.VolumeProjection) bool {
	return source.ServiceAccountToken != nil && source.ServiceAccountToken.Path == contract.TokenFile
}

// isForeignSource finds sources that could put another file in the place of one of ours, as a role of the author's own choice.
func isForeignSource(source corev1.VolumeProjection) bool {
	switch {
	case source.DownwardAPI != nil:
		ours := annotationFiles(true)
		return slices.ContainsFunc(source.DownwardAPI.Items, func(file corev1.DownwardAPIVolumeFile) bool {
			return !slices.ContainsFunc(ours, func(our corev1.DownwardAPIVolumeFile) bool {
				return file.Path == our.Path && file.FieldRef != nil && file.FieldRef.FieldPath == our.FieldRef.FieldPath
			})
		})
	case source.ConfigMap != nil:
		return len(source.ConfigMap.Items) != 1 || source.ConfigMap.Items[0].Path != contract.STSCAFile
	}
	return !isTokenSource(source)
}

// hasOurAudience reports whether the token is for a service of ours, with the audience of these settings or a default one.
func hasOurAudience(volume corev1.Volume, settings Settings) bool {
	return volume.Projected != nil && slices.ContainsFunc(volume.Projected.Sources, func(source corev1.VolumeProjection) bool {
		ours := []string{settings.audience(), contract.STSAudience, contract.AuthAudience}
		return isTokenSource(source) && slices.Contains(ours, source.ServiceAccountToken.Audience)
	})
}

func tokenSource(settings Settings) corev1.VolumeProjection {
	return corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
		Audience:          settings.audience(),
		ExpirationSeconds: new(int64(settings.TokenExpiration.Seconds())),
		Path:              contract.TokenFile,
	}}
}

func tokenVolumeSources(settings Settings) []corev1.VolumeProjection {
	all := []corev1.VolumeProjection{
		tokenSource(settings),
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: annotationFiles(settings.NeedsAuthCA())}},
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
func annotationFiles(withAuthCA bool) []corev1.DownwardAPIVolumeFile {
	file := func(path, annotation string) corev1.DownwardAPIVolumeFile {
		return corev1.DownwardAPIVolumeFile{Path: path, FieldRef: &corev1.ObjectFieldSelector{
			FieldPath: fmt.Sprintf("metadata.annotations['%s']", annotation),
		}}
	}
	all := []corev1.DownwardAPIVolumeFile{file(contract.IdentityFile, contract.AnnotationIdentity)}
	if withAuthCA {
		all = append(all, file(contract.AuthCAFile, contract.AnnotationAuthCA))
	}
	return all
}
