package inject

import (
	"slices"

	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Pod writes the operations that make the subject what the verdict says. A pod that already is so gets none: a second
// pass completes only what other webhooks added after the first.
func Pod(s Subject, verdict Verdict, settings Settings) []jsonpatch.Operation {
	var p patch
	if verdict.Injects() {
		addVolumes(&p, s.Pod, settings)
		addContainers(&p, s.Pod, verdict.asked, settings)
		p.set("/metadata/labels", s.Pod.Labels, map[string]string{contract.LabelInjected: "true"})
	}
	if _, claimed := s.Pod.Labels[contract.LabelInjected]; claimed && !verdict.Injects() {
		// As in a manifest made from a pod that was injected.
		p.set("/metadata/labels", s.Pod.Labels, map[string]string{contract.LabelInjected: "false"})
	}
	p.set("/metadata/annotations", s.Pod.Annotations, annotations(s, verdict, settings))
	return p.operations
}

// EphemeralContainers writes the operations that give a debugger's containers the credentials of the pod they are added
// to, and the warnings. Those that before had already cannot be changed any more; a pod without our sidecar has nothing to
// give.
func EphemeralContainers(s Subject, before *corev1.Pod, settings Settings) (operations []jsonpatch.Operation, warnings []string) {
	if present(s.Pod) == nil {
		return nil, nil
	}
	a, _ := ask(s, settings)
	var p patch
	for i, container := range s.Pod.Spec.EphemeralContainers {
		had := func(c corev1.EphemeralContainer) bool { return c.Name == container.Name }
		if slices.ContainsFunc(before.Spec.EphemeralContainers, had) {
			continue
		}
		common := corev1.Container(container.EphemeralContainerCommon)
		equip(&p, itemPath("/spec/ephemeralContainers", i), common, a, settings)
		for _, note := range leftAlone([]*corev1.Container{&common}, a) {
			warnings = append(warnings, warn(note))
		}
	}
	return p.operations, warnings
}

// annotations are what the product writes. An identity, or an authority, that the pod's author wrote is never trusted.
func annotations(s Subject, verdict Verdict, settings Settings) map[string]string {
	identity, authorities := "", ""
	if verdict.Injects() && s.Associated {
		identity = s.Identity.String()
	}
	if verdict.Injects() && settings.CarriesAuthCA() {
		authorities = s.AuthCA
	}
	written := map[string]string{contract.AnnotationStatus: verdict.Status}
	for name, value := range map[string]string{contract.AnnotationIdentity: identity, contract.AnnotationAuthCA: authorities} {
		if _, claimed := s.Pod.Annotations[name]; claimed || value != "" {
			written[name] = value
		}
	}
	return written
}

func addVolumes(p *patch, pod *corev1.Pod, settings Settings) {
	has := func(wanted corev1.Volume) bool {
		return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == wanted.Name })
	}
	extend(p, "/spec/volumes", len(pod.Spec.Volumes), slices.DeleteFunc(volumes(settings), has))
}

// addContainers equips every container, and adds the sidecar last since that shifts the others.
func addContainers(p *patch, pod *corev1.Pod, a asked, settings Settings) {
	for i, container := range pod.Spec.Containers {
		equip(p, itemPath("/spec/containers", i), container, a, settings)
	}
	for i, container := range pod.Spec.InitContainers {
		equip(p, itemPath("/spec/initContainers", i), container, a, settings)
	}
	if present(pod) == nil {
		insert(p, "/spec/initContainers", len(pod.Spec.InitContainers), position(pod), sidecar(pod, a, settings))
	}
}

// position is the sidecar's place among the init containers: first, so that every other container starts with
// credentials in place, but behind the proxy of a mesh that is a native sidecar itself, without which nothing reaches STS.
// Where the proxy is an ordinary container, what stands first diverts the network to a proxy that does not run yet; the
// sidecar reaches STS before that, and not after.
func position(pod *corev1.Pod) int {
	place := 0
	for i, container := range pod.Spec.InitContainers {
		if !isMesh(container.Name) {
			break
		}
		if isNativeSidecar(container) {
			place = i + 1
		}
	}
	return place
}

func isMesh(container string) bool {
	switch container {
	case "istio-validation", "istio-init", "istio-proxy",
		"linkerd-network-validator", "linkerd-init", "linkerd-proxy",
		"consul-connect-inject-init", "consul-dataplane",
		"kuma-init", "kuma-validation", "kuma-sidecar":
		return true
	}
	return false
}
