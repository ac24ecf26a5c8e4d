package bench

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	namespacesPath   = "/api/v1/namespaces"
	associationsPath = "/apis/podidentity.dev/v1alpha1/podidentityassociations"
	labelInject      = "podidentity.dev/inject"
)

func podsPath(namespace string) string { return namespacesPath + "/" + namespace + "/pods" }

// namespaceOf is a namespace with this value of the label, or without it where that is empty.
func namespaceOf(name, label string) *corev1.Namespace {
	namespace := &corev1.Namespace{TypeMeta: metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: name}}
	if label != "" {
		namespace.Labels = map[string]string{labelInject: label}
	}
	return namespace
}

// association gives the default service account of a namespace a role.
func association(name, namespace, role string) map[string]any {
	return map[string]any{
		"apiVersion": "podidentity.dev/v1alpha1", "kind": "PodIdentityAssociation", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"namespace": namespace, "serviceAccount": "default", "roleARN": role},
	}
}

// newPod is a pod of one container, without what a server adds.
func newPod(name string, container corev1.Container) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{container}},
	}
}

// usualPod has about the 5 KB of a pod in life, and is never scheduled.
func usualPod(name string) *corev1.Pod {
	container := corev1.Container{Name: "web", Image: "registry.example.com/team/web:v1.2.3"}
	for i := range 62 {
		container.Env = append(container.Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%02d", i), Value: "a value of a usual length, no more than that"})
	}
	pod := newPod(name, container)
	pod.Spec.SchedulerName = "none-such"
	return pod
}
