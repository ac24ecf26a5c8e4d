package manifests_test

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Kubernetes adds a role with such a label to its own roles, such as admin.
func TestNoRoleOfKubernetesGetsRightsOfOurs(t *testing.T) {
	for _, directory := range []string{"base", "overlays/auth", certManager} {
		roles := all[rbacv1.ClusterRole](t, build(t, directory), "ClusterRole")
		if len(roles) == 0 {
			t.Errorf("%s has no role", directory)
		}
		for _, role := range roles {
			for label := range role.Labels {
				if strings.HasPrefix(label, "rbac.authorization.k8s.io/aggregate-to-") {
					t.Errorf("role %s of %s has the label %s", role.Name, directory, label)
				}
			}
		}
	}
}
