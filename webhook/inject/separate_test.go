package inject_test

import (
	"cmp"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// ownOf has an identity for each container of a pod.
func ownOf(pod *corev1.Pod) (all []contract.Identity) {
	for _, name := range inject.Containers(pod) {
		all = append(all, contract.Identity{Container: name, RoleARN: "arn:aws:iam::111122223333:role/" + name})
	}
	slices.SortFunc(all, func(a, b contract.Identity) int { return cmp.Compare(a.Container, b.Container) })
	return slices.CompactFunc(all, func(a, b contract.Identity) bool { return a.Container == b.Container })
}

// checkFolders checks that each container of an injected pod finds there the token of its own folder, if its author has mounted nothing
// else in the place, that the sidecar is told of exactly these, and that no other container has an identity for itself.
func checkFolders(t testing.TB, pod *corev1.Pod) {
	t.Helper()
	all := slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers)
	sidecar := slices.IndexFunc(all, func(c corev1.Container) bool { return c.Name == contract.ContainerName })
	if !slices.ContainsFunc(all[sidecar].Env, func(v corev1.EnvVar) bool { return v.Name == contract.EnvContainers }) {
		return // of an older webhook
	}
	told := inject.Containers(pod)
	for _, container := range all {
		mounts := slices.DeleteFunc(slices.Clone(container.VolumeMounts), func(m corev1.VolumeMount) bool { return m.MountPath != contract.AuthorizationMountPath })
		ours := slices.ContainsFunc(mounts, func(m corev1.VolumeMount) bool { return m.Name == contract.AuthorizationVolumeName })
		own := ours && mounts[0].SubPath == contract.AuthorizationFolder(container.Name) && mounts[0].ReadOnly
		switch {
		case container.Name == contract.ContainerName:
		case !slices.Contains(told, container.Name):
			if own {
				t.Errorf("container %s has a folder of which the sidecar is not told", container.Name)
			}
		case len(mounts) != 1 || ours && !own:
			t.Errorf("container %s mounts %+v", container.Name, mounts)
		}
	}
	identities, err := contract.ParseIdentities([]byte(pod.Annotations[contract.AnnotationIdentity]))
	if err != nil {
		t.Error(err)
	}
	for _, own := range identities.Containers {
		if !slices.Contains(told, own.Container) {
			t.Errorf("container %s has an identity and no token", own.Container)
		}
	}
}

func TestTheContainersOfAPodAreThoseThatTheSidecarIsToldOf(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "init"}},
		Containers:     []corev1.Container{{Name: "app"}, {Name: "agent"}},
	}}
	if got := inject.Containers(pod); !slices.Equal(got, []string{"init", "app", "agent"}) {
		t.Errorf("before the injection they are %q", got)
	}
	pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: contract.ContainerName, RestartPolicy: &always})
	if got := inject.Containers(pod); !slices.Equal(got, []string{"init", "app", "agent"}) {
		t.Errorf("of an older webhook they are %q", got)
	}
	for value, want := range map[string][]string{"app,init": {"app", "init"}, "": nil} {
		pod.Spec.InitContainers[1].Env = []corev1.EnvVar{{Name: contract.EnvContainers, Value: value}}
		if got := inject.Containers(pod); !slices.Equal(got, want) {
			t.Errorf("with %q they are %q", value, got)
		}
	}
}
