package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	// manyReviews is what a cluster that creates a pod a second asks in three days.
	manyReviews = 280_000
	webhookHost = "pod-identity-webhook.pod-identity.svc"

	// The replica that is asked has ports of its own, and the memory limit of manifests/base/server.
	replicaPort    = "19443"
	replicaHealth  = "127.0.0.1:18081"
	replicaMetrics = "127.0.0.1:18080"
	replicaMemory  = "268435456"
)

// reviewsOverTLS asks a replica as API servers do, but without a pause, and looks at what that cost. The replica is a process of the node in
// place of a pod: containerd spends half as much on each line of a pod's log as the webhook on its review.
func (r *Run) reviewsOverTLS(ctx context.Context, p *platform.Platform, a *api) (err error) {
	r.Log("the cluster: %d reviews", manyReviews)
	replica, err := p.Cluster.Run("webhook", []string{"KUBECONFIG=" + p.Cluster.Kubeconfig(), "GOMEMLIMIT=" + replicaMemory},
		filepath.Join(r.Root, "bin", goruntime.GOARCH, "webhook"), "--namespace=pod-identity", "--image=podidentity/sidecar:dev",
		"--listen="+replicaPort, "--health="+replicaHealth, "--metrics="+replicaMetrics)
	if err != nil {
		return fmt.Errorf("start a replica: %w", err)
	}
	defer func() { err = errors.Join(err, replica.Stop()) }()
	metric := func(name string) (float64, error) { return metricOf(ctx, p, replicaMetrics, name) }
	ask, err := asker(ctx, p, a)
	if err != nil {
		return err
	}
	if err := poll(ctx, func() error { return ask(ctx) }); err != nil {
		return err
	}
	before, err := metric(cpuSeconds)
	if err != nil {
		return err
	}
	begin := time.Now()
	latencies, err := flood(ctx, ask)
	if err != nil {
		return err
	}
	took := time.Since(begin)
	after, err := metric(cpuSeconds)
	if err != nil {
		return err
	}
	resident, err := metric("process_resident_memory_bytes")
	if err != nil {
		return err
	}
	note := fmt.Sprintf("a replica as a process of the node, %d reviews of a pod of 5 KB from %d clients, which share the cores, as does the cluster", manyReviews, workers)
	r.add(
		Row{What: "webhook in a cluster, over TLS: reviews", Unit: "/s", Budget: 8000, AtLeast: true, Measured: manyReviews / took.Seconds(), Note: note},
		Row{What: "the same: 99th percentile", Unit: "ms", Budget: 5, Measured: milliseconds(latencies[len(latencies)*99/100]), Note: "the clients never pause"},
		Row{What: "the same: CPU a review, all included", Unit: "µs", Budget: 140, Measured: 1e6 * (after - before) / manyReviews, Note: "process_cpu_seconds_total"},
		Row{What: "the same: RSS afterwards", Unit: "MB", Budget: 33, Measured: resident / megabyte, Note: "process_resident_memory_bytes"},
	)
	return nil
}

// flood asks for all the reviews and returns how long each took, sorted.
func flood(ctx context.Context, ask func(context.Context) error) ([]time.Duration, error) {
	latencies := make([]time.Duration, manyReviews)
	var next atomic.Int64
	err := each(ctx, workers, func(ctx context.Context, _ int) error {
		for i := next.Add(1) - 1; i < manyReviews; i = next.Add(1) - 1 {
			begin := time.Now()
			if err := ask(ctx); err != nil {
				return err
			}
			latencies[i] = time.Since(begin)
		}
		return nil
	})
	slices.Sort(latencies)
	return latencies, err
}

// asker asks for one review, over connections that persist, as an API server does.
func asker(ctx context.Context, p *platform.Platform, a *api) (func(context.Context) error, error) {
	roots, err := webhookCA(ctx, a)
	if err != nil {
		return nil, err
	}
	body, err := usualReview()
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext:         p.Cluster.Dial,
		MaxIdleConnsPerHost: workers,
		TLSClientConfig:     &tls.Config{RootCAs: roots, ServerName: webhookHost, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS13},
	}}
	const url = "https://127.0.0.1:" + replicaPort + "/pods/enabled"
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return fmt.Errorf("ask the webhook: %w", err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return fmt.Errorf("ask the webhook: %w", err)
		}
		defer func() { _ = response.Body.Close() }() // only read from
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			return fmt.Errorf("read the webhook's answer: %w", err)
		}
		if response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(`"patch":"`)) {
			return fmt.Errorf("the webhook answers %s without a patch: %.200s", response.Status, answer)
		}
		return nil
	}, nil
}

func usualReview() ([]byte, error) {
	object, err := json.Marshal(usualPod("web"))
	if err != nil {
		return nil, fmt.Errorf("encode a pod: %w", err)
	}
	review := admissionv1.AdmissionReview{Request: &admissionv1.AdmissionRequest{
		UID: "7c7a1d1e-0000-4000-8000-000000000001", Namespace: "bench-labelled", Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: object},
	}}
	review.SetGroupVersionKind(admissionv1.SchemeGroupVersion.WithKind("AdmissionReview"))
	text, err := json.Marshal(review)
	if err != nil {
		return nil, fmt.Errorf("encode a review: %w", err)
	}
	return text, nil
}

// webhookCA is the one that API servers trust.
func webhookCA(ctx context.Context, a *api) (*x509.CertPool, error) {
	text, err := a.do(ctx, http.MethodGet, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pod-identity", nil)
	if err != nil {
		return nil, err
	}
	var configuration admissionregistrationv1.MutatingWebhookConfiguration
	if err := json.Unmarshal(text, &configuration); err != nil {
		return nil, fmt.Errorf("read the webhook's configuration: %w", err)
	}
	roots := x509.NewCertPool()
	for _, webhook := range configuration.Webhooks {
		if roots.AppendCertsFromPEM(webhook.ClientConfig.CABundle) {
			return roots, nil
		}
	}
	return nil, errors.New("the webhook's configuration has no CA")
}
