package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	// rounds of blocks in each of the two namespaces.
	rounds = 9
	block  = 250
)

// throughput compares how fast the API server admits pods with the webhook and without.
func (r *Run) throughput(ctx context.Context, p *platform.Platform, a *api) error {
	r.Log("the cluster: %d dry runs of pods", 2*rounds*block)
	const labelled, unlabelled = "bench-labelled", "bench-unlabelled"
	for name, injected := range map[string]bool{labelled: true, unlabelled: false} {
		if err := a.makeNamespace(ctx, name, injected); err != nil {
			return err
		}
	}
	var ratios, with, without []float64
	begin, err := cpuOfWebhook(ctx, p, a)
	if err != nil {
		return err
	}
	for range rounds {
		slow, err := a.dryRuns(ctx, labelled)
		if err != nil {
			return err
		}
		fast, err := a.dryRuns(ctx, unlabelled)
		if err != nil {
			return err
		}
		ratios, with, without = append(ratios, slow/fast), append(with, slow), append(without, fast)
	}
	end, err := cpuOfWebhook(ctx, p, a)
	if err != nil {
		return err
	}
	for _, all := range [][]float64{ratios, with, without} {
		slices.Sort(all)
	}
	note := fmt.Sprintf("server-side dry runs from %d clients, medians of %d blocks of %d each in turns", workers, rounds, block)
	r.add(
		Row{What: "API server: pods/s in a labelled namespace against an unlabelled one", Budget: 0.7, AtLeast: true, Measured: ratios[rounds/2],
			Note: fmt.Sprintf("%s: %.0f against %.0f pods/s; ratios from %.2f to %.2f", note, with[rounds/2], without[rounds/2], ratios[0], ratios[rounds-1])},
		Row{What: "webhook as a pod: CPU an admission", Unit: "µs", Budget: None(), Measured: 1e6 * (end - begin) / (rounds * block),
			Note: "all its work meanwhile, TLS, garbage collection and scrapes included"},
	)
	return nil
}

// dryRuns creates a block of pods that nobody keeps, and returns how many a second.
func (a *api) dryRuns(ctx context.Context, namespace string) (perSecond float64, err error) {
	begin := time.Now()
	err = each(ctx, block, func(ctx context.Context, i int) error {
		_, err := a.do(ctx, http.MethodPost, podsPath(namespace)+"?dryRun=All", usualPod(fmt.Sprintf("web-%d", i)))
		return err
	})
	return block / time.Since(begin).Seconds(), err
}
