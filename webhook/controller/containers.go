package controller

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// identitiesOf are those that a pod and its containers should have.
func identitiesOf(pod *corev1.Pod, index *association.Index) contract.Identities {
	return index.Identities(serviceAccount(pod), inject.Containers(pod)).For(pod.Labels)
}

// byAssociation are the names of the associations that give identities, each with the containers that have them; "" stands for the pod.
func byAssociation(identities contract.Identities) map[string][]string {
	all := map[string][]string{}
	for _, identity := range identities.All() {
		if identity.Association != "" {
			all[identity.Association] = append(all[identity.Association], identity.Container)
		}
	}
	return all
}

// concerning is what a sentence of the sidecar says of the containers, where "" stands for the pod; whole is whether the pod has an identity
// of its own. A sidecar that says nothing, or no more than an older one, may mean any of them, and so may one whose words are cut: only what
// it says of others does not concern these.
func concerning(sentence string, containers []string, whole bool) (told string, concerned bool) {
	if sentence == "" {
		return "", true
	}
	said := byContainer(sentence)
	if of := said[""]; of != "" && (!whole || strings.HasPrefix(of, aboutDocument)) {
		return of, true
	}
	for _, container := range containers {
		if of := said[container]; of != "" {
			return of, true
		}
	}
	return "", strings.HasSuffix(sentence, ellipsis)
}

const (
	// aboutDocument is how a sentence begins that is about the identities of all containers; see credentials.Keeper.SetIdentity.
	aboutDocument = "the identity document"
	// ellipsis is how a sentence ends that was too long; see kubelet.Warning and package readiness.
	ellipsis = "…"
)

// byContainer divides what the sidecar says into what it says of the pod, and of each container with an identity of its own, as in
// "STS refuses role R: AccessDenied; container agent: STS refuses role S: AccessDenied".
func byContainer(sentence string) map[string]string {
	const beginning = "container "
	said := map[string]string{}
	parts := strings.Split(sentence, "; "+beginning)
	if rest, ok := strings.CutPrefix(parts[0], beginning); ok {
		parts[0] = rest
	} else {
		said[""] = parts[0]
		parts = parts[1:]
	}
	for _, part := range parts {
		if name, of, ok := strings.Cut(part, ": "); ok {
			said[name] = of
		}
	}
	return said
}
