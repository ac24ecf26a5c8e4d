package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	manyAssociations = 10_000
	manyPods         = 5_000
	manyNamespaces   = 20
	// calm is how long the webhook is given to end what the objects have caused.
	calm = 15 * time.Second
)

// scale fills the cluster and looks at the memory of the webhook. No pod runs: to the webhook that makes no difference.
func (r *Run) scale(ctx context.Context, p *platform.Platform, a *api) error {
	r.Log("the cluster: %d associations and %d pods", manyAssociations, manyPods)
	namespace := func(i int) string { return fmt.Sprintf("bench-scale-%05d", i) }
	for i := range manyNamespaces {
		if err := a.makeNamespace(ctx, namespace(i), true); err != nil {
			return err
		}
	}
	err := each(ctx, manyAssociations, func(ctx context.Context, i int) error {
		_, err := a.do(ctx, http.MethodPost, associationsPath, association(namespace(i), namespace(i), "arn:aws:iam::111122223333:role/team/"+namespace(i)))
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, manyPods, func(ctx context.Context, i int) error {
		_, err := a.do(ctx, http.MethodPost, podsPath(namespace(i%manyNamespaces)), usualPod(fmt.Sprintf("web-%05d", i)))
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(calm):
	}
	all, err := metricOfWebhook(ctx, p, a, "process_resident_memory_bytes")
	if err != nil {
		return err
	}
	r.add(Row{What: "webhook with 10,000 associations and 5,000 pods: RSS", Unit: "MB", Budget: 100, Measured: max(all[0], all[len(all)-1]) / megabyte,
		Note: fmt.Sprintf("the larger of %d replicas, %s after the last pod was created", len(all), calm)})
	return nil
}

func cpuOfWebhook(ctx context.Context, p *platform.Platform, a *api) (seconds float64, err error) {
	all, err := metricOfWebhook(ctx, p, a, "process_cpu_seconds_total")
	for _, value := range all {
		seconds += value
	}
	return seconds, err
}

// metricOfWebhook is a metric without labels, of each replica.
func metricOfWebhook(ctx context.Context, p *platform.Platform, a *api, name string) (values []float64, err error) {
	text, err := a.do(ctx, http.MethodGet, podsPath("pod-identity")+"?labelSelector=app.kubernetes.io/name=pod-identity-webhook", nil)
	if err != nil {
		return nil, err
	}
	var pods corev1.PodList
	if err := json.Unmarshal(text, &pods); err != nil {
		return nil, fmt.Errorf("read the list of the webhook's pods: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: p.Cluster.Dial, DisableKeepAlives: true}}
	for _, pod := range pods.Items {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+pod.Status.PodIP+":8080/metrics", nil)
		if err != nil {
			return nil, fmt.Errorf("address the webhook: %w", err)
		}
		value, err := scrape(client, request, name)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	if len(values) == 0 {
		return nil, errors.New("the webhook has no pods")
	}
	return values, nil
}

func scrape(client *http.Client, request *http.Request, name string) (float64, error) {
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("scrape the webhook: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read from
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, fmt.Errorf("scrape the webhook: %w", err)
	}
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("the webhook has no metric %s", name)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
