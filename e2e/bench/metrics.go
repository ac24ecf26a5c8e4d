package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/e2e/platform"
)

// cpuSeconds is the metric in which Go programs tell what they have cost the CPUs.
const cpuSeconds = "process_cpu_seconds_total"

// metric is one of the API server's own, without labels.
func (a *api) metric(ctx context.Context, name string) (float64, error) {
	text, err := a.do(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return 0, err
	}
	return findMetric(text, name)
}

// metricOfWebhook is one of the webhook's, without labels, of each replica.
func metricOfWebhook(ctx context.Context, p *platform.Platform, a *api, name string) (values []float64, err error) {
	pods, err := webhookPods(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, pod := range pods {
		value, err := metricOf(ctx, p, net.JoinHostPort(pod.Status.PodIP, "8080"), name)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// webhookPods are the webhook's replicas, at least one.
func webhookPods(ctx context.Context, a *api) ([]corev1.Pod, error) {
	text, err := a.do(ctx, http.MethodGet, podsPath("pod-identity")+"?labelSelector=app.kubernetes.io/name=pod-identity-webhook", nil)
	if err != nil {
		return nil, err
	}
	var pods corev1.PodList
	if err := json.Unmarshal(text, &pods); err != nil {
		return nil, fmt.Errorf("read the list of the webhook's pods: %w", err)
	}
	if len(pods.Items) == 0 {
		return nil, errors.New("the webhook has no pods")
	}
	return pods.Items, nil
}

// metricOf is that of the webhook whose metrics are at the address.
func metricOf(ctx context.Context, p *platform.Platform, address, name string) (float64, error) {
	client := &http.Client{Transport: &http.Transport{DialContext: p.Cluster.Dial, DisableKeepAlives: true}}
	value, err := scrape(ctx, client, "http://"+address+"/metrics", name)
	if err != nil {
		return 0, fmt.Errorf("scrape the webhook: %w", err)
	}
	return value, nil
}

func scrape(ctx context.Context, client *http.Client, url, name string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }() // only read from
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return findMetric(text, name)
}

func findMetric(text []byte, name string) (float64, error) {
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("there is no metric %s", name)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
