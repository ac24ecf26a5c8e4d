package binaries

import (
	"cmp"
	"os"
	"strings"
)

// kubernetes is Kubernetes in all pinned versions.
func kubernetes() choice {
	return choice{variable: "KUBERNETES", module: module{
		name: "kubernetes", product: "k8s.io/kubernetes", title: "Kubernetes", cold: "12 minutes", space: Space{Sources: 900, Objects: 4300}, stamp: stampKubernetes,
	}}
}

// chosenKubernetes is Kubernetes in the version that the environment asks for, which is the newest where it asks for none.
func chosenKubernetes(root string) (plan, error) {
	all, err := kubernetes().all(root)
	if err != nil {
		return plan{}, err
	}
	return kubernetes().chosen(all, cmp.Or(os.Getenv(kubernetes().variable), all[len(all)-1].version))
}

// KubernetesVersions are the versions that can be built, the oldest first.
func KubernetesVersions(root string) ([]string, error) { return kubernetes().versions(root) }

// stampKubernetes gives the programs the version that Kubernetes' own build gives them: clients and webhooks read it, and
// without it they see v0.0.0-master.
func stampKubernetes(version string) string {
	const variables = "k8s.io/component-base/version."
	number := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	flags := []string{"gitVersion=" + version, "gitMajor=" + number[0], "gitMinor=" + number[1]}
	for i, flag := range flags {
		flags[i] = " -X " + variables + flag
	}
	return strings.Join(flags, "")
}
