package main

import (
	"fmt"

	utilversion "k8s.io/apimachinery/pkg/util/version"
)

// oldestServer is the first Kubernetes that has native sidecars (init containers with restartPolicy Always) switched on. An
// older API server would drop the restartPolicy of the sidecar: its pods would wait for ever for an init container that
// never ends.
const oldestServer = "1.29.0"

func requireNativeSidecars(server string) error {
	parsed, err := utilversion.ParseGeneric(server)
	if err != nil {
		return fmt.Errorf("read the version of the API server: %w", err)
	}
	if parsed.LessThan(utilversion.MustParseGeneric(oldestServer)) {
		return fmt.Errorf("the API server is %s, which has no native sidecars: upgrade the cluster to Kubernetes 1.29 or newer", server)
	}
	return nil
}
