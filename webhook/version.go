package main

import (
	"fmt"

	utilversion "k8s.io/apimachinery/pkg/util/version"
)

// oldestServer is the first Kubernetes that serves admissionregistration.k8s.io/v1 ValidatingAdmissionPolicies, without which
// whoever may patch pods may forge what the product relies on. An older one could not have applied the manifests as a whole.
const oldestServer = "1.30.0"

func requireOldestServer(server string) error {
	parsed, err := utilversion.ParseGeneric(server)
	if err != nil {
		return fmt.Errorf("read the version of the API server: %w", err)
	}
	if parsed.LessThan(utilversion.MustParseGeneric(oldestServer)) {
		return fmt.Errorf("the API server is %s, which has no ValidatingAdmissionPolicy: upgrade the cluster to Kubernetes 1.30 or newer", server)
	}
	return nil
}
