package manifests_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestTheHeapIsBoundedByTheLimitOfTheContainer(t *testing.T) {
	for _, file := range []string{"base/server/deployment.yaml", "auth/deployment.yaml"} {
		t.Run(file, func(t *testing.T) {
			container := object[appsv1.Deployment](t, file, "Deployment").Spec.Template.Spec.Containers[0]
			if got := container.Resources.Limits.Memory().String(); got != "256Mi" {
				t.Errorf("the limit is %s: the arithmetic of limits.go is for 256Mi", got)
			}
			for _, variable := range container.Env {
				if variable.Name == "GOMEMLIMIT" && variable.ValueFrom.ResourceFieldRef.Resource == "limits."+string(corev1.ResourceMemory) {
					return
				}
			}
			t.Error("GOMEMLIMIT is not the limit of memory")
		})
	}
}
