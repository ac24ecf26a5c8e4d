package inject

import (
	"slices"

	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Pod writes the operations that make the subject what the verdict says, and the warnings for who creates it. A pod that
// already is so gets none: a second pass completes only what other webhooks added after the first.
func Pod(s Subject, verdict Verdict, settings Settings) (operations []jsonpatch.Operation, warnings []string) {
	var p patch
	warnings = verdict.Warnings
	if verdict.Injects() {
		a, complaints := ask(s.Pod, settings)
		addVolumes(&p, s.Pod, settings)
		warnings = slices.Concat(warnings, complaints, addContainers(&p, s.Pod, a, settings))
		p.set("/metadata/labels", s.Pod.Labels, map[string]string{contract.LabelInjected: "true"})
	}
	p.set("/metadata/annotations", s.Pod.Annotations, annotations(s, verdict))
	return p.operations, warnings
}

// annotations are what the product writes. An identity that the pod's author wrote is never trusted.
func annotations(s Subject, verdict Verdict) map[string]string {
	written := map[string]string{contract.AnnotationStatus: verdict.Status}
	_, claimed := s.Pod.Annotations[contract.AnnotationIdentity]
	switch {
	case verdict.Injects() && s.Associated:
		written[contract.AnnotationIdentity] = s.Identity.String()
	case claimed:
		written[contract.AnnotationIdentity] = ""
	}
	return written
}

func addVolumes(p *patch, pod *corev1.Pod, settings Settings) {
	present := func(wanted corev1.Volume) bool {
		return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == wanted.Name })
	}
	extend(p, "/spec/volumes", len(pod.Spec.Volumes), slices.DeleteFunc(volumes(settings), present))
}

// addContainers equips every container, and adds the sidecar last since that shifts the others.
func addContainers(p *patch, pod *corev1.Pod, a asked, settings Settings) (warnings []string) {
	for i, container := range pod.Spec.Containers {
		warnings = append(warnings, equip(p, itemPath("/spec/containers", i), container, a, settings)...)
	}
	sidecarPresent := false
	for i, container := range pod.Spec.InitContainers {
		if container.Name == contract.ContainerName {
			sidecarPresent = true
			continue
		}
		warnings = append(warnings, equip(p, itemPath("/spec/initContainers", i), container, a, settings)...)
	}
	if !sidecarPresent {
		// First, so that every other container starts with credentials in place.
		prepend(p, "/spec/initContainers", len(pod.Spec.InitContainers), sidecar(pod, a, settings))
	}
	return warnings
}
