package inject

import (
	"slices"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
)

// loopback must never be reached through a proxy. Most SDKs know that, Kotlin's does not.
const loopback = "127.0.0.1"

// bypassProxy keeps requests to the sidecar away from a proxy that the container uses: it appends to NO_PROXY and no_proxy
// where they are set, and returns both where neither is. If only one is set it stays the only one: the other spelling would
// hide its value from programs that prefer that.
func bypassProxy(p *patch, path string, container corev1.Container) (missing []corev1.EnvVar) {
	if !slices.ContainsFunc(container.Env, isProxy) {
		return nil
	}
	found := false
	for i, variable := range container.Env {
		if !strings.EqualFold(variable.Name, "no_proxy") {
			continue
		}
		found = true
		// There is no value to append to where valueFrom gives it.
		if variable.ValueFrom == nil && !includesLoopback(variable.Value) {
			p.operations = append(p.operations, appendLoopback(itemPath(path, i)+"/value", variable.Value))
		}
	}
	if found || mayDefine(container, "NO_PROXY") || mayDefine(container, "no_proxy") {
		return nil
	}
	return []corev1.EnvVar{{Name: "NO_PROXY", Value: loopback}, {Name: "no_proxy", Value: loopback}}
}

func isProxy(variable corev1.EnvVar) bool {
	switch strings.ToLower(variable.Name) {
	case "http_proxy", "https_proxy", "all_proxy":
		return true
	}
	return false
}

func includesLoopback(list string) bool {
	for host := range strings.SplitSeq(list, ",") {
		if host = strings.TrimSpace(host); host == loopback || host == "*" {
			return true
		}
	}
	return false
}

// appendLoopback adds where the list is empty: the pod may leave out an empty value.
func appendLoopback(path, list string) jsonpatch.Operation {
	if list == "" {
		return jsonpatch.NewOperation("add", path, loopback)
	}
	return jsonpatch.NewOperation("replace", path, list+","+loopback)
}
