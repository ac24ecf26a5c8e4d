package check

import (
	utilversion "k8s.io/apimachinery/pkg/util/version"
)

// oldestServer is that of the webhook.
const oldestServer = "1.30.0"

// serverFindings are about the version of the API server.
func serverFindings(version string) []Finding {
	const check = "api server"
	parsed, err := utilversion.ParseGeneric(version)
	if err != nil {
		return []Finding{unknown(check, err)}
	}
	if parsed.LessThan(utilversion.MustParseGeneric(oldestServer)) {
		return []Finding{wrong(check, "upgrade the cluster to Kubernetes 1.30 or newer", "Kubernetes %s has no ValidatingAdmissionPolicy, and the webhook does not start", version)}
	}
	return []Finding{ok(check, "Kubernetes %s", version)}
}
