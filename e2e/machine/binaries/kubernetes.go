package binaries

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// kubernetesVariable is the environment variable that chooses the version of Kubernetes, such as v1.30.14 or v1.30. Without it, that is
// the newest.
const kubernetesVariable = "KUBERNETES"

// kubernetes is Kubernetes in the version that the environment asks for. Each has a module of its own, since the same product
// can be required only once.
func kubernetes(root string) (plan, error) {
	all, err := allKubernetes(root)
	if err != nil {
		return plan{}, err
	}
	wanted := os.Getenv(kubernetesVariable)
	if wanted == "" {
		return all[len(all)-1], nil
	}
	var versions []string
	for _, each := range all {
		if each.version == wanted || strings.HasPrefix(each.version, wanted+".") {
			return each, nil
		}
		versions = append(versions, each.version)
	}
	return plan{}, fmt.Errorf("%s is %s, which no module of machine/binaries/kubernetes pins: set it to one of %s, or leave it out",
		kubernetesVariable, wanted, strings.Join(versions, ", "))
}

// allKubernetes are all versions, the newest last.
func allKubernetes(root string) ([]plan, error) {
	dirs, err := filepath.Glob(filepath.Join(root, "machine", "binaries", "kubernetes", "*", "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("find the versions of Kubernetes: %w", err)
	}
	var all []plan
	for _, file := range dirs {
		m := module{
			name: "kubernetes", dir: filepath.Join("kubernetes", filepath.Base(filepath.Dir(file))),
			product: "k8s.io/kubernetes", title: "Kubernetes", cold: "12 minutes", stamp: stampKubernetes,
		}
		p, err := m.plan(root)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("find the versions of Kubernetes: there is none in %s", root)
	}
	slices.SortFunc(all, func(a, b plan) int { return semver.Compare(a.version, b.version) })
	return all, nil
}

// KubernetesVersions are the versions that can be built, the oldest first.
func KubernetesVersions(root string) ([]string, error) {
	all, err := allKubernetes(root)
	if err != nil {
		return nil, err
	}
	versions := make([]string, len(all))
	for i, p := range all {
		versions[i] = p.version
	}
	return versions, nil
}

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
