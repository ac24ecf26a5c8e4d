package check

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/podidentity/podidentity/plugin/cluster"
)

// replicaFindings are about the Deployments of the webhook. Pods are those of the product.
func replicaFindings(i *cluster.Installation, pods []corev1.Pod) []Finding {
	var all []Finding
	for _, name := range []string{cluster.PrimaryDeployment, cluster.StandbyDeployment} {
		all = append(all, deploymentFindings("replicas", name, i, pods)...)
	}
	if !i.Known() && len(i.Deployments) > 0 {
		all = append(all, note("settings", "the arguments of the webhook are not those of this version of the plugin: %v", i.ConfigErr))
	}
	return all
}

func deploymentFindings(check, name string, i *cluster.Installation, pods []corev1.Pod) []Finding {
	if err := i.Unread[name]; err != nil {
		return []Finding{unknown(check, err)}
	}
	d, found := i.Deployments[name]
	if !found {
		return []Finding{wrong(check, applyAgain, "Deployment %s is not there", name)}
	}
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	switch {
	case wanted == 0:
		return []Finding{wrong(check, fmt.Sprintf("kubectl scale --namespace %s deployment/%s --replicas=1", i.Namespace, name), "Deployment %s is scaled to 0", name)}
	case d.Status.ReadyReplicas < wanted:
		return []Finding{wrong(check, fmt.Sprintf("kubectl describe pods --namespace %s --selector %s", i.Namespace, metav1.FormatLabelSelector(d.Spec.Selector)),
			"%d of %d replicas of %s are ready%s", d.Status.ReadyReplicas, wanted, name, because(d, pods))}
	}
	return []Finding{ok(check, "%d of %d replicas of %s are ready", d.Status.ReadyReplicas, wanted, name)}
}

// because is what the cluster says of replicas that are not ready.
func because(d *appsv1.Deployment, pods []corev1.Pod) string {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return ""
	}
	for i := range pods {
		if !selector.Matches(labels.Set(pods[i].Labels)) {
			continue
		}
		if why := whyUnready(&pods[i]); why != "" {
			return ": " + why
		}
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return ": " + oneLine(c.Message)
		}
	}
	return ""
}

// whyUnready is what a pod says of a container that does not run, or else of its conditions.
func whyUnready(pod *corev1.Pod) string {
	for _, status := range pod.Status.ContainerStatuses {
		if waiting := status.State.Waiting; waiting != nil {
			why := strings.TrimSpace(waiting.Reason + " " + waiting.Message)
			if ended := status.LastTerminationState.Terminated; ended != nil {
				why += "; it ended with " + cmp.Or(ended.Message, ended.Reason)
			}
			return oneLine(why)
		}
		if ended := status.State.Terminated; ended != nil {
			return oneLine("it ended with " + cmp.Or(ended.Message, ended.Reason))
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.PodReadyToStartContainers && c.Status == corev1.ConditionFalse && c.Message != "" {
			return oneLine(c.Message)
		}
	}
	return ""
}

// maxQuoted bounds what is repeated of somebody's words.
const maxQuoted = 300

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxQuoted {
		text = strings.ToValidUTF8(text[:maxQuoted], "") + "…"
	}
	return text
}

// leaderFindings are about the Lease, nil where there is none.
func leaderFindings(i *cluster.Installation, lease *coordinationv1.Lease, pods []corev1.Pod, now time.Time) []Finding {
	const check = "leader"
	restart := fmt.Sprintf("kubectl logs --namespace %s --selector app.kubernetes.io/name=pod-identity-webhook", i.Namespace)
	if lease == nil || lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return []Finding{wrong(check, restart, "no replica leads: changed associations do not reach running pods")}
	}
	holder, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	known := false
	for j := range pods {
		known = known || pods[j].Name == holder
	}
	renewed := time.Time{}
	if lease.Spec.RenewTime != nil {
		renewed = lease.Spec.RenewTime.Time
	}
	switch silent := now.Sub(renewed).Round(time.Second); {
	case !known && silent <= maxSilence:
		return []Finding{wrong(check, fmt.Sprintf("stop it, or kubectl delete lease --namespace %s %s", i.Namespace, i.Config.Lease),
			"%q holds the Lease and is no replica of the webhook: changed associations do not reach running pods", *lease.Spec.HolderIdentity)}
	case silent > maxSilence:
		return []Finding{wrong(check, restart, "%s has not renewed the Lease for %s, and no other replica leads: changed associations do not reach running pods", holder, silent)}
	}
	return []Finding{ok(check, "%s leads", holder)}
}

// maxSilence is after how long another replica leads; docs/reference.md#leader.
const maxSilence = 20 * time.Second
