package controller

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// injectedPod is a pod of namespace team as the API server has it after its admission.
func injectedPod(name, account string) *corev1.Pod {
	always := corev1.ContainerRestartPolicyAlways
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name, UID: types.UID(name), Labels: map[string]string{contract.LabelInjected: "true"}},
		Spec: corev1.PodSpec{
			ServiceAccountName: account,
			InitContainers:     []corev1.Container{{Name: contract.ContainerName, Image: "sidecar", RestartPolicy: &always}},
			Containers:         []corev1.Container{{Name: "app", Image: "app"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

// waitingPod is one whose sidecar has no credentials.
func waitingPod(name, account string) *corev1.Pod {
	pod := injectedPod(name, account)
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{
		Name: contract.ContainerName, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
	}}
	return pod
}

// uninjectedPod is one that was created while the webhook was away.
func uninjectedPod(name string) *corev1.Pod {
	return changed(injectedPod(name, "default"), func(pod *corev1.Pod) { pod.Labels, pod.Spec.InitContainers = nil, nil })
}

// carries is a change of a pod.
func carries(identity string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Annotations = map[string]string{contract.AnnotationIdentity: identity, contract.AnnotationStatus: contract.StatusInjected}
	}
}

func changed[T any](object T, change func(T)) T {
	change(object)
	return object
}

// newAssociation gives the service account of its own name in namespace team a role.
func newAssociation(name string) *v1alpha1.PodIdentityAssociation {
	return &v1alpha1.PodIdentityAssociation{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("association-" + name), Generation: 1},
		Spec:       v1alpha1.PodIdentityAssociationSpec{Namespace: "team", ServiceAccount: name, RoleARN: "arn:aws:iam::111122223333:role/" + name},
	}
}

// index has an association for each service account.
func index(t testing.TB, accounts ...string) *association.Index {
	t.Helper()
	x := association.NewIndex()
	for _, account := range accounts {
		if err := x.Set(newAssociation(account)); err != nil {
			t.Fatal(err)
		}
	}
	return x
}
