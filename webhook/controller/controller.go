// Package controller keeps existing pods and associations true, on the leading replica: pods have the identity that their
// association gives them, associations report what became of them, and pods that were not injected are told so.
package controller

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/webhook/inject"
)

// requestsPerSecond bounds the requests of each controller: annotations do not wait for statuses. The API server serves
// some thousands, and a change that concerns thousands of pods must leave it to others.
const requestsPerSecond = 100

// Options are what a Controller works with. All are required, except ExcludedNamespaces and Issuer.
type Options struct {
	// Cluster is how to reach the API server.
	Cluster cluster.Cluster
	// Identities has the associations.
	Identities *association.Index
	// Associations lists the associations.
	Associations association.List
	// Definition is what this replica knows of the definition of associations.
	Definition func() association.DefinitionState
	// AuthCA is the CA bundle of the auth service; while it is empty, pods keep what they have.
	AuthCA func() string
	// Rules are what the LimitRanges and ResourceQuotas of a namespace demand.
	Rules func(namespace string) inject.Rules
	// Synced reports whether Identities and AuthCA have seen all objects that exist: without the associations, every pod would
	// lose its identity.
	Synced func() bool
	// Changes notifies of changes of Identities and AuthCA.
	Changes *association.Changes
	// Injection decides which pods should have been injected.
	Injection inject.Settings
	// ExcludedNamespaces are those that the webhook is never called for.
	ExcludedNamespaces []string
	// Issuer compares the keys of the API server with what is published at its issuer; nil where that is not watched.
	Issuer func(ctx context.Context) (issuer.Comparison, error)
	// Metrics is where the metrics are registered, and MetricsLimit is how many namespaces, and how many associations, they name at most.
	Metrics      prometheus.Registerer
	MetricsLimit int
	Log          logrus.FieldLogger
}

// Controller works for one term of leadership after the other.
type Controller struct {
	options   Options
	hostname  string
	fleet     *fleet
	disputed  prometheus.Counter
	issuer    issuerMetrics
	newClient func() (client.Client, error)
	// newInformer is nil but for tests.
	newInformer func(toolscache.ListerWatcher, runtime.Object, time.Duration, toolscache.Indexers) toolscache.SharedIndexInformer
}

// New returns a controller that does nothing before Run.
func New(o Options) (*Controller, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name this replica: %w", err)
	}
	c := &Controller{options: o, hostname: hostname}
	c.newClient = c.limitedClient
	if c.issuer, err = newIssuerMetrics(o.Metrics); err != nil {
		return nil, err
	}
	if c.fleet, err = newFleet(o.MetricsLimit, o.Metrics); err != nil {
		return nil, err
	}
	c.disputed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "podidentity_conflicts_total",
		Help: "Annotations of pods that this replica has put right because somebody else had changed them.",
	})
	if err := o.Metrics.Register(c.disputed); err != nil {
		return nil, fmt.Errorf("register the metric of conflicts: %w", err)
	}
	return c, nil
}

// Run works until ctx is done, and then resets its metrics: another replica sets them now. It watches pods with a cache of its
// own, which ends with it: the other replicas hold no pods in memory.
func (c *Controller) Run(ctx context.Context) error {
	if !toolscache.WaitForCacheSync(ctx.Done(), c.options.Synced) {
		return nil // ctx is done
	}
	informers, err := c.newCache()
	if err != nil {
		return err
	}
	pods, err := newPodStore(ctx, informers)
	if err != nil {
		return err
	}
	annotator, err := c.newAnnotator(pods)
	if err != nil {
		return err
	}
	troubles, err := newTroubleStore(ctx, informers)
	if err != nil {
		return err
	}
	reporter, err := c.newStatusReporter(pods, troubles)
	if err != nil {
		return err
	}
	scanner, err := c.newScanner(informers)
	if err != nil {
		return err
	}
	refusals := refusalReporter{events: reporter.events, identities: c.options.Identities}
	definitions := definitionReporter{state: c.options.Definition, events: reporter.events, log: c.options.Log}
	defer c.fleet.reset()
	defer c.issuer.reset()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return informers.Start(ctx) })
	group.Go(func() error { definitions.run(ctx); return nil })
	if c.options.Issuer != nil {
		issuers := issuerWatcher{compare: c.options.Issuer, definition: c.options.Definition, events: reporter.events, metrics: c.issuer, log: c.options.Log}
		group.Go(func() error { issuers.run(ctx); return nil })
	}
	group.Go(func() error {
		return run(ctx, c.options.Log, "annotations", annotateWorkers, annotator, annotator.sources(informers, c.options.Changes))
	})
	group.Go(func() error {
		return run(ctx, c.options.Log, "statuses", 1, reporter, reporter.sources(informers, c.options.Changes))
	})
	group.Go(func() error {
		return run(ctx, c.options.Log, "uninjected-pods", 1, scanner, scanner.sources(informers))
	})
	group.Go(func() error {
		return run(ctx, c.options.Log, "refusals", 1, refusals, refusals.sources(c.options.Changes))
	})
	return group.Wait()
}

func (c *Controller) newCache() (cache.Cache, error) {
	namespaces, err := watchedNamespaces()
	if err != nil {
		return nil, err
	}
	informers, err := cache.New(c.options.Cluster.GetConfig(), cache.Options{
		HTTPClient: c.options.Cluster.GetHTTPClient(), Scheme: c.options.Cluster.GetScheme(), Mapper: c.options.Cluster.GetRESTMapper(), NewInformer: c.newInformer,
		ByObject: map[client.Object]cache.ByObject{&corev1.Pod{}: watchedPods(c.options.Identities), &corev1.Event{}: watchedTroubles(), namespaceMetadata(): namespaces},
	})
	if err != nil {
		return nil, fmt.Errorf("watch pods: %w", err)
	}
	return informers, nil
}

// limitedClient makes a client that sends at most requestsPerSecond requests.
func (c *Controller) limitedClient() (client.Client, error) {
	config := rest.CopyConfig(c.options.Cluster.GetConfig())
	config.QPS, config.Burst = requestsPerSecond, requestsPerSecond
	limited, err := client.New(config, client.Options{
		HTTPClient: c.options.Cluster.GetHTTPClient(), Scheme: c.options.Cluster.GetScheme(), Mapper: c.options.Cluster.GetRESTMapper(),
	})
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", config.Host, err)
	}
	return limited, nil
}
