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
	// rounds of blocks in each of the namespaces.
	rounds = 9
	block  = 250
)

// kind is a namespace, and what came of its blocks.
type kind struct {
	name, label string
	// perSecond are pods, one value a block; seconds are CPU time in all of them.
	perSecond       []float64
	server, webhook float64
}

// throughput compares how fast the API server admits pods with the webhook and without.
func (r *Run) throughput(ctx context.Context, p *platform.Platform, a *api) error {
	kinds := []*kind{
		{name: "bench-unlabelled"},
		{name: "bench-labelled", label: "enabled"},
		// Called as well, but nothing is injected.
		{name: "bench-called", label: "associated"},
	}
	r.Log("the cluster: %d dry runs of pods", len(kinds)*rounds*block)
	for _, k := range kinds {
		if err := a.makeNamespace(ctx, k.name, k.label); err != nil {
			return err
		}
	}
	for range rounds {
		for _, k := range kinds {
			if err := k.measure(ctx, p, a); err != nil {
				return err
			}
		}
	}
	r.compare(kinds[0], kinds[1], kinds[2])
	return nil
}

// measure creates one block of pods that nobody keeps.
func (k *kind) measure(ctx context.Context, p *platform.Platform, a *api) error {
	server, webhook, err := cpus(ctx, p, a)
	if err != nil {
		return err
	}
	begin := time.Now()
	err = each(ctx, block, func(ctx context.Context, i int) error {
		_, err := a.do(ctx, http.MethodPost, podsPath(k.name)+"?dryRun=All", usualPod(fmt.Sprintf("web-%d", i)))
		return err
	})
	if err != nil {
		return err
	}
	k.perSecond = append(k.perSecond, block/time.Since(begin).Seconds())
	serverAfter, webhookAfter, err := cpus(ctx, p, a)
	k.server += serverAfter - server
	k.webhook += webhookAfter - webhook
	return err
}

// cpus is the CPU time of the API server and of all replicas of the webhook, in seconds.
func cpus(ctx context.Context, p *platform.Platform, a *api) (server, webhook float64, err error) {
	if server, err = a.metric(ctx, cpuSeconds); err != nil {
		return 0, 0, err
	}
	all, err := metricOfWebhook(ctx, p, a, cpuSeconds)
	for _, value := range all {
		webhook += value
	}
	return server, webhook, err
}

func (r *Run) compare(without, with, called *kind) {
	ratio := func(k *kind) []float64 {
		var ratios []float64
		for i := range k.perSecond {
			ratios = append(ratios, k.perSecond[i]/without.perSecond[i])
		}
		slices.Sort(ratios)
		return ratios
	}
	micro := func(seconds float64) float64 { return 1e6 * seconds / (rounds * block) }
	note := func(ratios []float64) string {
		return fmt.Sprintf("server-side dry runs from %d clients, median of %d rounds of %d pods each in turns; from %.2f to %.2f", workers, rounds, block, ratios[0], ratios[rounds-1])
	}
	injected, asked := ratio(with), ratio(called)
	r.add(
		Row{What: "API server: pods/s in a labelled namespace against an unlabelled one", Budget: 0.7, AtLeast: true, Measured: injected[rounds/2], Note: note(injected)},
		Row{What: "the same where the webhook is asked and injects nothing", Budget: None(), Measured: asked[rounds/2], Note: note(asked)},
		Row{What: "API server: its own CPU a pod, labelled", Unit: "µs", Budget: None(), Measured: micro(with.server),
			Note: fmt.Sprintf("unlabelled %.0f, asked and not injected %.0f", micro(without.server), micro(called.server))},
		Row{What: "webhook as a pod: CPU an admission", Unit: "µs", Budget: None(), Measured: micro(with.webhook),
			Note: fmt.Sprintf("all its work meanwhile, TLS included; %.0f where it injects nothing", micro(called.webhook))},
	)
}
