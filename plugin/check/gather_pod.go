package check

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/kubelet"
	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/webhook/inject"
)

// maxPods is how many pods of a Deployment have a report of their own.
const maxPods = 10

// pod looks at one pod.
func (l looker) pod(ctx context.Context, namespace, name string) ([]Report, error) {
	var pod corev1.Pod
	if err := l.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &pod); err != nil {
		return nil, fmt.Errorf("read pod %s/%s: %w", namespace, name, err)
	}
	return l.pods(ctx, namespace, []corev1.Pod{pod})
}

// deployment looks at the pods of a Deployment, or at why there are none.
func (l looker) deployment(ctx context.Context, namespace, name string) ([]Report, error) {
	var deployment appsv1.Deployment
	if err := l.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &deployment); err != nil {
		return nil, fmt.Errorf("read Deployment %s/%s: %w", namespace, name, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("read the selector of Deployment %s/%s: %w", namespace, name, err)
	}
	var pods corev1.PodList
	if err := l.client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("list the pods of Deployment %s/%s: %w", namespace, name, err)
	}
	report := Report{Subject: "deployment/" + name, Findings: creationFindings(&deployment, len(pods.Items))}
	shown := pods.Items[:min(len(pods.Items), maxPods)]
	if len(shown) < len(pods.Items) {
		report.Findings = append(report.Findings, note("pods", "%d of %d follow", len(shown), len(pods.Items)))
	}
	reports, err := l.pods(ctx, namespace, shown)
	return append([]Report{report}, reports...), err
}

// creationFindings are about whether the pods of a Deployment can be created.
func creationFindings(d *appsv1.Deployment, pods int) []Finding {
	const check = "pods"
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return []Finding{wrong(check, refusalRemedy(c.Message), "pods cannot be created: %s", oneLine(c.Message))}
		}
	}
	if pods == 0 {
		return []Finding{note(check, "there are none")}
	}
	return []Finding{ok(check, "there are %d", pods)}
}

func refusalRemedy(message string) string {
	switch {
	case strings.Contains(message, "podidentity.dev\": failed") || strings.Contains(message, "failed calling webhook") && strings.Contains(message, contract.Domain):
		return "no replica of the webhook answers: kubectl pod-identity check"
	case strings.Contains(message, "exceeded quota"), strings.Contains(message, "failed quota"), strings.Contains(message, "LimitRange"), strings.Contains(message, "maximum "), strings.Contains(message, "minimum "):
		return "the sidecar counts in both: docs/nodes.md#limitrange-and-resourcequota"
	}
	return "docs/troubleshooting.md#a-pod"
}

func (l looker) pods(ctx context.Context, namespace string, pods []corev1.Pod) ([]Report, error) {
	i := cluster.ReadInstallation(ctx, l.client)
	identities, err := cluster.ReadIdentities(ctx, l.client, namespace, i.Config.Annotations())
	if err != nil {
		return nil, err
	}
	var label corev1.Namespace
	if err := l.client.Get(ctx, client.ObjectKey{Name: namespace}, &label); err != nil {
		return nil, fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	var reports []Report
	for n := range pods {
		facts := podFacts{pod: &pods[n], namespace: &label, installation: i, identities: identities, now: l.now}
		if inject.HasSidecar(&pods[n]) {
			if err := l.hear(ctx, &facts); err != nil {
				return nil, err
			}
		}
		reports = append(reports, Report{Subject: "pod/" + pods[n].Name, Findings: podFindings(facts)})
	}
	return reports, nil
}

// heard is how long a warning counts: webhook/controller says why.
const heard = 11 * time.Minute

// hear reads what the sidecar has said of itself, to the kubelet and in its log. While the kubelet refuses the log, the events alone count.
func (l looker) hear(ctx context.Context, f *podFacts) error {
	var events corev1.EventList
	err := l.client.List(ctx, &events, client.InNamespace(f.pod.Namespace), client.MatchingFields{"involvedObject.name": f.pod.Name})
	if err != nil {
		return fmt.Errorf("list the events of pod %s/%s: %w", f.pod.Namespace, f.pod.Name, err)
	}
	f.warned, f.warnedAt = lastWarning(events.Items, f.pod, l.now)
	if log, err := l.log(ctx, f.pod.Namespace, f.pod.Name); err == nil {
		f.fetchedAt = lastFetch(log)
	}
	return nil
}

func lastWarning(events []corev1.Event, pod *corev1.Pod, now time.Time) (sentence string, at time.Time) {
	for n := range events {
		e := &events[n]
		said, ours := kubelet.Warning(e.Message)
		if e.InvolvedObject.UID == pod.UID && strings.Contains(e.InvolvedObject.FieldPath, "{"+contract.ContainerName+"}") &&
			ours && e.LastTimestamp.After(at) && now.Sub(e.LastTimestamp.Time) <= heard {
			sentence, at = said, e.LastTimestamp.Time
		}
	}
	return sentence, at
}

// lastFetch is when the sidecar last logged new credentials.
func lastFetch(log []byte) time.Time {
	var last time.Time
	for line := range bytes.Lines(log) {
		var entry struct {
			Time    time.Time `json:"time"`
			Message string    `json:"msg"`
		}
		if err := json.Unmarshal(line, &entry); err == nil && entry.Message == "fetched credentials" {
			last = entry.Time
		}
	}
	return last
}

// kindOf splits what people write for a resource, such as deployment/web; a name alone is a pod.
func kindOf(argument string) (kind, name string, err error) {
	kind, name, named := strings.Cut(argument, "/")
	if !named {
		return "pod", argument, nil
	}
	kind = strings.ToLower(kind)
	switch {
	case name == "" || strings.Contains(name, "/"):
	case slices.Contains([]string{"pod", "pods", "po"}, kind):
		return "pod", name, nil
	case slices.Contains([]string{"deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"}, kind):
		return "deployment", name, nil
	}
	return "", "", fmt.Errorf("%q is neither POD nor deployment/NAME", argument)
}
