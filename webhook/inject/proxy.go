package inject

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// loopback must never be reached through a proxy. Most SDKs know that, Kotlin's does not.
const loopback = "127.0.0.1"

// bypassProxy keeps requests to the sidecar away from a proxy that the container uses: it appends to NO_PROXY and no_proxy
// where they are set, and returns both where neither is. If only one is set it stays the only one: the other spelling would
// hide its value from programs that prefer that.
func bypassProxy(p *patch, path string, container *corev1.Container) (missing []corev1.EnvVar) {
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
			appendLoopback(p, itemPath(path, i)+"/value", variable.Value)
		}
	}
	if found || mayDefine(container, "NO_PROXY") || mayDefine(container, "no_proxy") {
		return nil
	}
	return []corev1.EnvVar{{Name: "NO_PROXY", Value: loopback}, {Name: "no_proxy", Value: loopback}}
}

// isProxy is asked of every variable of every pod. ToLower would copy each name.
func isProxy(variable corev1.EnvVar) bool {
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy"} {
		if strings.EqualFold(variable.Name, name) {
			return true
		}
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
func appendLoopback(p *patch, path, list string) {
	if list == "" {
		p.add(path, encodeString(loopback))
		return
	}
	p.write("replace", path, encodeString(list+","+loopback))
}
