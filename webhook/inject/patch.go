package inject

import (
	"encoding/json"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Patch writes the operations that carry out the decision. A pod that already is as decided gets none: a second admission
// pass completes only what other webhooks added after the first.
func (i *Injector) Patch(in Input, decision Decision) []jsonpatch.Operation {
	var to patch
	if decision.Injects() {
		i.addVolumes(&to, in.Pod, decision)
		i.addContainers(&to, in.Pod, decision)
		to.set("/metadata/labels", in.Pod.Labels, map[string]string{contract.LabelInjected: "true"})
	}
	if _, claimed := in.Pod.Labels[contract.LabelInjected]; claimed && !decision.Injects() {
		// A manifest exported from an injected pod claims this.
		to.set("/metadata/labels", in.Pod.Labels, map[string]string{contract.LabelInjected: "false"})
	}
	to.set("/metadata/annotations", in.Pod.Annotations, annotations(in, decision, i.settings))
	return to.operations
}

// PatchEphemeralContainers writes the operations that give the containers of `kubectl debug` the credentials of their pod,
// and the warnings. Those that the old pod has already cannot be changed any more; a pod without our sidecar has no
// credentials to give.
func (i *Injector) PatchEphemeralContainers(in Input, old *corev1.Pod) (operations []jsonpatch.Operation, warnings []string) {
	if !HasSidecar(in.Pod) {
		return nil, nil
	}
	options, _ := readOptions(in, i.settings)
	options.webIdentity = nil // asked for too late: the pod has a sidecar
	var to patch
	existing := setOf(old.Spec.EphemeralContainers, func(c *corev1.EphemeralContainer) string { return c.Name })
	for n, ephemeral := range in.Pod.Spec.EphemeralContainers {
		if existing.has(ephemeral.Name) {
			continue
		}
		container := corev1.Container(ephemeral.EphemeralContainerCommon)
		of, ok := options.debugging(in.Pod, ephemeral.TargetContainerName)
		if !ok {
			warnings = append(warnings, warning(fmt.Sprintf("container %.63s gets no credentials, because its target %.63s has none", ephemeral.Name, ephemeral.TargetContainerName)))
			continue
		}
		i.configureContainer(&to, itemPath("/spec/ephemeralContainers", n), &container, of)
		for _, note := range ownCredentialsNotes([]*corev1.Container{&container}, of) {
			warnings = append(warnings, warning(note))
		}
	}
	return to.operations, warnings
}

// annotations are those that the product writes. An identity or a CA that the author of the pod wrote is never trusted.
func annotations(in Input, decision Decision, settings Settings) map[string]string {
	identity, authCA := "", ""
	if decision.Injects() {
		identity = given(in, decision.options).For(in.Pod.Labels).String()
	}
	if decision.Injects() && settings.NeedsAuthCA() {
		authCA = in.AuthCA
	}
	written := map[string]string{contract.AnnotationStatus: decision.Status}
	if decision.withSidecar() {
		written[annotationEvictableVolumes] = evictableVolumes(in.Pod.Annotations[annotationEvictableVolumes])
	}
	for name, value := range map[string]string{contract.AnnotationIdentity: identity, contract.AnnotationAuthCA: authCA} {
		if _, claimed := in.Pod.Annotations[name]; claimed || value != "" {
			written[name] = value
		}
	}
	return written
}

func (i *Injector) addVolumes(to *patch, pod *corev1.Pod, decision Decision) {
	var missing []json.RawMessage
	for _, wanted := range i.client(decision.options).volumes {
		if !slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == wanted.name }) {
			missing = append(missing, wanted.json)
		}
	}
	to.extend("/spec/volumes", len(pod.Spec.Volumes), missing)
}

// addContainers configures every container, and adds the sidecar last, since that shifts the indexes of the others.
func (i *Injector) addContainers(to *patch, pod *corev1.Pod, decision Decision) {
	for n := range pod.Spec.Containers {
		i.configureContainer(to, itemPath("/spec/containers", n), &pod.Spec.Containers[n], decision.options)
	}
	for n := range pod.Spec.InitContainers {
		i.configureContainer(to, itemPath("/spec/initContainers", n), &pod.Spec.InitContainers[n], decision.options)
	}
	if !decision.withSidecar() {
		return
	}
	existing := existingSidecar(pod)
	if existing == nil {
		index := sidecarIndex(pod)
		to.insert("/spec/initContainers", len(pod.Spec.InitContainers), index, i.sidecar(pod, decision))
		to.extend(itemPath("/spec/initContainers", index)+"/env", 1, encodeEnv(containersEnv(pod, decision.options)))
		return
	}
	path := itemPath("/spec/initContainers", slices.IndexFunc(pod.Spec.InitContainers, isSidecar))
	completeContainers(to, path, existing, pod, decision.options)
	if decision.options.readiness == ReadinessExec && asksByHTTP(existing) {
		// The proxy of a mesh came after the sidecar.
		ready, live := probes(decision.options.sidecarOptions)
		to.add(path+"/readinessProbe", encode(ready))
		to.add(path+"/livenessProbe", encode(live))
	}
}

// sidecarIndex is the sidecar's place among the init containers: first, so that every other container starts with
// credentials in place, but behind a mesh proxy that is a native sidecar itself, without which nothing reaches STS.
// Where the proxy is an ordinary container, the mesh's init container redirects traffic to a proxy that does not run yet,
// so the sidecar has to reach STS before it.
func sidecarIndex(pod *corev1.Pod) int {
	index := 0
	for i, container := range pod.Spec.InitContainers {
		if !isMeshContainer(container.Name) {
			break
		}
		if isNativeSidecar(container) {
			index = i + 1
		}
	}
	return index
}

func isMeshContainer(name string) bool {
	switch name {
	case "istio-validation", "istio-init", "istio-proxy",
		"linkerd-network-validator", "linkerd-init", "linkerd-proxy",
		"consul-connect-inject-init", "consul-dataplane",
		"kuma-init", "kuma-validation", "kuma-sidecar":
		return true
	}
	return false
}
