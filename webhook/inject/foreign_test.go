package inject_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// checkNothingForeign checks that an injected pod has under our names nothing that its author could use for another end.
func checkNothingForeign(t testing.TB, pod *corev1.Pod) {
	t.Helper()
	for _, container := range pod.Spec.InitContainers {
		if container.Name == contract.ContainerName {
			checkSidecar(t, container)
		}
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.Name == contract.VolumeName {
			checkFiles(t, volume)
		}
	}
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		for _, mount := range container.VolumeMounts {
			if mount.Name == contract.VolumeName && container.Name != contract.ContainerName {
				t.Errorf("container %s of an injected pod mounts the token", container.Name)
			}
		}
	}
}

func checkSidecar(t testing.TB, container corev1.Container) {
	t.Helper()
	if !strings.Contains(container.Image, "podidentity/sidecar") || len(container.Command) > 0 {
		t.Errorf("an injected pod runs %q of image %s", container.Command, container.Image)
	}
	for _, argument := range container.Args {
		if name, _, _ := strings.Cut(argument, "="); !slices.Contains([]string{"--listen", "--source", "--metrics", "--probe"}, name) {
			t.Errorf("an injected pod has the argument %s", argument)
		}
	}
	for _, variable := range container.Env {
		if strings.HasPrefix(variable.Name, "POD_") && variable.Value != "" {
			t.Errorf("an injected pod says that its %s is %s", variable.Name, variable.Value)
		}
	}
}

// checkFiles checks where each file of the sidecar comes from.
func checkFiles(t testing.TB, volume corev1.Volume) {
	t.Helper()
	for _, source := range volume.Projected.Sources {
		switch {
		case source.DownwardAPI != nil:
			for _, file := range source.DownwardAPI.Items {
				if file.Path == contract.IdentityFile && file.FieldRef.FieldPath != "metadata.annotations['podidentity.dev/identity']" {
					t.Errorf("the identity comes from %s", file.FieldRef.FieldPath)
				}
			}
		case source.ConfigMap != nil:
			for _, file := range source.ConfigMap.Items {
				if file.Path != contract.STSCAFile {
					t.Errorf("the file %s comes from a ConfigMap", file.Path)
				}
			}
		case source.ServiceAccountToken == nil:
			t.Errorf("an injected pod has a source of files of its own: %v", source)
		}
	}
}

// names counts the names and paths that must be unique.
func names(pod *corev1.Pod) map[string]int {
	count := map[string]int{}
	for _, volume := range pod.Spec.Volumes {
		count["volume "+volume.Name]++
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, container := range list {
			count["container "+container.Name]++
			for _, variable := range container.Env {
				count["variable "+container.Name+" "+variable.Name]++
			}
			for _, mount := range container.VolumeMounts {
				count["mount "+container.Name+" "+mount.MountPath]++
			}
		}
	}
	return count
}
