package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/e2e/platform"
)

// limitedStarts compares the start behind a sidecar as it is injected with that behind one that has a CPU limit.
func (r *Run) limitedStarts(ctx context.Context, p *platform.Platform, a *api) error {
	limits := []string{"", "200m", "100m"}
	r.Log("the cluster: the start of %d pods with CPU limits of the sidecar and without", len(limits)*podPairs)
	starts := make([][]time.Duration, len(limits))
	for i := range podPairs + 1 {
		for j, limit := range limits {
			pod, err := a.limited(ctx, application("limited", p.CLIImage), limit)
			if err != nil {
				return err
			}
			took, err := a.startOf(ctx, pod)
			if err != nil {
				return err
			}
			if i > 0 { // The first of each finds cold caches.
				starts[j] = append(starts[j], took)
			}
		}
	}
	free := milliseconds(median(starts[0]))
	for j, limit := range limits[1:] {
		with := milliseconds(median(starts[j+1]))
		r.add(Row{
			What: "pod start: how much later with a CPU limit of " + limit + " for the sidecar", Unit: "ms", Budget: None(), Measured: with - free,
			Note: fmt.Sprintf("as above, medians of %d each in turns: %.0f ms and %.0f ms without", podPairs, with, free),
		})
	}
	return nil
}

// limited is the pod as it would be injected, its sidecar with this CPU limit; none where it is empty.
func (a *api) limited(ctx context.Context, pod *corev1.Pod, limit string) (*corev1.Pod, error) {
	text, err := a.do(ctx, http.MethodPost, podsPath(startNamespace)+"?dryRun=All", pod)
	if err != nil {
		return nil, err
	}
	injected := new(corev1.Pod)
	if err := json.Unmarshal(text, injected); err != nil {
		return nil, fmt.Errorf("read the injected pod: %w", err)
	}
	injected.ObjectMeta = metav1.ObjectMeta{Name: pod.Name, Annotations: injected.Annotations, Labels: injected.Labels}
	injected.Status = corev1.PodStatus{}
	if limits := injected.Spec.InitContainers[0].Resources.Limits; limit != "" {
		limits[corev1.ResourceCPU] = resource.MustParse(limit)
	} else {
		delete(limits, corev1.ResourceCPU)
	}
	return injected, nil
}
