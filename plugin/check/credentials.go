package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// credentialFindings are about whether the sidecar runs, and what it says of STS.
func (f podFacts) credentialFindings() []Finding {
	const check = "credentials"
	logs := fmt.Sprintf("kubectl pod-identity logs --namespace %s %s", f.pod.Namespace, f.pod.Name)
	status := statusOf(f.pod)
	if found := f.startFindings(check, status, logs); found != nil {
		return found
	}
	should := f.identities.Of(f.pod).All()
	concerned := slices.IndexFunc(should, f.concerns)
	switch {
	case len(should) == 0:
		return []Finding{note(check, "none are to come: nothing gives the pod an identity")}
	case f.warned != "" && !f.fetchedAt.After(f.warnedAt) && concerned >= 0:
		remedy, known := remedyFor(f.warned, should[concerned].Association)
		if !known {
			remedy = logs
		}
		return []Finding{wrong(check, remedy, "the sidecar says: %s", f.warned)}
	case !status.Ready && status.Started != nil && !*status.Started:
		return []Finding{wrong(check, fmt.Sprintf("kubectl exec --namespace %s %s --container %s -- /sidecar probe", f.pod.Namespace, f.pod.Name, contract.ContainerName),
			"the sidecar waits for the first credentials; the kubelet tells nothing in this time")}
	case !status.Ready:
		return []Finding{wrong(check, logs, "the pod has had no credentials yet, and the kubelet has not told why")}
	}
	return []Finding{ok(check, "the pod has had credentials, and the sidecar warns of nothing")}
}

// concerns reports whether a warning is about this identity: the kubelet keeps telling of a former one for a while.
func (f podFacts) concerns(should contract.Identity) bool {
	_, role, names := strings.Cut(f.warned, "refuses role ")
	if !names {
		return !strings.Contains(f.warned, "no PodIdentityAssociation gives")
	}
	role, _, _ = strings.Cut(role, ": ")
	return role == should.RoleARN || role == should.TargetRoleARN
}

// startFindings are about a sidecar that does not run; nil where it does.
func (f podFacts) startFindings(check string, status *corev1.ContainerStatus, logs string) []Finding {
	describe := fmt.Sprintf("kubectl describe pod --namespace %s %s", f.pod.Namespace, f.pod.Name)
	switch {
	case f.pod.Status.Phase == corev1.PodSucceeded || f.pod.Status.Phase == corev1.PodFailed:
		return []Finding{note(check, "the pod has ended")}
	case status == nil:
		return []Finding{wrong(check, describe, "the sidecar has not started: %s", cmp.Or(whyUnready(f.pod), "the kubelet has not seen the pod"))}
	case status.State.Waiting != nil && status.LastTerminationState.Terminated != nil:
		ended := status.LastTerminationState.Terminated
		return []Finding{wrong(check, cmp.Or(endRemedy(ended), logs), "the sidecar ends again and again, %d times so far: %s", status.RestartCount, oneLine(ended.Reason+" "+ended.Message))}
	case status.State.Waiting != nil:
		return []Finding{wrong(check, describe, "the sidecar has not started: %s", oneLine(status.State.Waiting.Reason+" "+status.State.Waiting.Message))}
	case status.State.Terminated != nil:
		ended := status.State.Terminated
		return []Finding{wrong(check, cmp.Or(endRemedy(ended), logs), "the sidecar has ended: %s", oneLine(ended.Reason+" "+ended.Message))}
	}
	return nil
}

func endRemedy(ended *corev1.ContainerStateTerminated) string {
	if ended.Reason == "OOMKilled" {
		return "raise the memory limit of the sidecar: --limits, docs/reference.md#flags-of-the-webhook"
	}
	remedy, _ := remedyFor(ended.Message, "")
	return remedy
}

// preferred are the variables by which SDKs find credentials before they ask ours, in the order of their chains.
func preferred() []string {
	return []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SHARED_CREDENTIALS_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	}
}

// environmentFindings are about what the SDK of each container finds first.
func (f podFacts) environmentFindings() []Finding {
	const check = "environment"
	var all []Finding
	for _, containers := range [][]corev1.Container{f.pod.Spec.InitContainers, f.pod.Spec.Containers} {
		for i := range containers {
			if containers[i].Name != contract.ContainerName {
				all = append(all, f.containerFindings(check, &containers[i])...)
			}
		}
	}
	return settled(all, ok(check, "the SDKs of its containers ask the sidecar"))
}

func (f podFacts) containerFindings(check string, container *corev1.Container) []Finding {
	value := func(name string) (string, bool) {
		at := slices.IndexFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == name })
		if at < 0 {
			return "", false
		}
		return container.Env[at].Value, true
	}
	if listed(f.pod.Annotations[contract.AnnotationSkipContainers], container.Name) {
		return []Finding{note(check, "container %s gets no credentials: %s names it", container.Name, contract.AnnotationSkipContainers)}
	}
	wanted := listed(f.pod.Annotations[contract.AnnotationInjectContainers], container.Name)
	for _, name := range preferred() {
		if _, set := value(name); set && !wanted {
			return []Finding{wrong(check, "remove it, or name the container in "+contract.AnnotationSkipContainers+" if that is meant; then "+recreate(f.pod),
				"the SDK of container %s prefers %s, and uses another role", container.Name, name)}
		}
	}
	if uri, set := value("AWS_CONTAINER_CREDENTIALS_FULL_URI"); !set || !strings.HasSuffix(uri, contract.CredentialsPath) {
		return []Finding{wrong(check, "see what removed it, such as another webhook: docs/faults.md#another-webhook; then "+recreate(f.pod),
			"container %s does not have our AWS_CONTAINER_CREDENTIALS_FULL_URI: its SDK does not find the sidecar", container.Name)}
	}
	return nil
}

func listed(list, name string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(part) == name {
			return true
		}
	}
	return false
}
