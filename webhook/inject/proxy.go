package inject

import (
	"slices"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
)

// loopback is what must never be asked of a proxy. Most SDKs know, Kotlin's does not.
const loopback = "127.0.0.1"

// exemptFromProxy keeps requests to the sidecar from a proxy that the container uses: it appends to NO_PROXY and no_proxy
// where they are set, and returns both where neither is. A lone one stays alone, since a new spelling beside it would
// hide its value from programs that prefer the other.
func exemptFromProxy(p *patch, path string, container corev1.Container) (missing []corev1.EnvVar) {
	if !slices.ContainsFunc(container.Env, isProxy) {
		return nil
	}
	found := false
	for i, variable := range container.Env {
		if !strings.EqualFold(variable.Name, "no_proxy") {
			continue
		}
		found = true
		// A value from elsewhere cannot be appended to.
		if variable.ValueFrom == nil && !exempts(variable.Value) {
			p.operations = append(p.operations, jsonpatch.NewOperation(appendingOperation(variable.Value), itemPath(path, i)+"/value", exempt(variable.Value)))
		}
	}
	if found || mayHave(container, "NO_PROXY") || mayHave(container, "no_proxy") {
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

func exempts(list string) bool {
	for host := range strings.SplitSeq(list, ",") {
		if host = strings.TrimSpace(host); host == loopback || host == "*" {
			return true
		}
	}
	return false
}

func exempt(list string) string {
	if list == "" {
		return loopback
	}
	return list + "," + loopback
}

// appendingOperation is add for an empty value, which the pod may leave out.
func appendingOperation(value string) string {
	if value == "" {
		return "add"
	}
	return "replace"
}
