package main

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/annotator"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/injected"
	"github.com/podidentity/podidentity/webhook/missed"
	"github.com/podidentity/podidentity/webhook/report"
)

// writesPerSecond is how many requests a leader makes at most of each kind: annotations do not wait for statuses. The API
// server serves some thousands, and a change that concerns thousands of pods must leave it to others.
const writesPerSecond = 100

// duties are those of the leader.
type duties struct {
	api    *rest.Config
	mgr    manager.Manager
	config config.Config
	log    logrus.FieldLogger
	missed *prometheus.GaugeVec
	// known may not be synced yet when this replica is elected.
	known
	changes *association.Changes
}

func newDuties(api *rest.Config, mgr manager.Manager, c config.Config, k known, changes *association.Changes, log logrus.FieldLogger) (*duties, error) {
	d := &duties{api: api, mgr: mgr, config: c, log: log, missed: missed.NewGauge(), known: k, changes: changes}
	if err := metrics.Registry.Register(d.missed); err != nil {
		return nil, fmt.Errorf("register the metric of missed pods: %w", err)
	}
	return d, nil
}

// work is a leader.Work. What it watches it watches by a cache of its own, which ends with it: the other replicas hold no
// pod in memory.
func (d *duties) work(ctx context.Context) error {
	if !toolscache.WaitForCacheSync(ctx.Done(), d.synced) {
		return nil // ctx is done
	}
	informers, err := d.newCache()
	if err != nil {
		return err
	}
	annotating, err := d.newClient()
	if err != nil {
		return err
	}
	reporting, err := d.newClient()
	if err != nil {
		return err
	}
	recorder := d.mgr.GetEventRecorder(contract.ContainerName)
	annotator := annotator.New(annotating, d.identities, d.authCA, d.log)
	reporter := report.New(reporting, d.mgr.GetCache(), d.identities, recorder, d.log)
	sweeper := missed.New(missed.Config{
		Reader: d.mgr.GetAPIReader(), Identities: d.identities, Settings: d.config.Injection, Events: recorder, Missed: d.missed, Log: d.log,
		Excluded: d.config.Excluded(),
	})
	if err := errors.Join(annotator.Watch(ctx, informers), reporter.Watch(ctx, informers), sweeper.Watch(ctx, informers)); err != nil {
		return err
	}
	defer d.changes.Subscribe(annotator.Changed)()
	defer d.changes.Subscribe(reporter.Changed)()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return informers.Start(ctx) })
	group.Go(func() error { annotator.Run(ctx); return nil })
	group.Go(func() error { sweeper.Run(ctx); return nil })
	group.Go(func() error {
		if informers.WaitForCacheSync(ctx) {
			reporter.Run(ctx)
		}
		return nil
	})
	return group.Wait()
}

func (d *duties) newCache() (cache.Cache, error) {
	watched, err := missed.Watched()
	if err != nil {
		return nil, err
	}
	maps.Copy(watched, injected.Watched())
	informers, err := cache.New(d.api, cache.Options{
		HTTPClient: d.mgr.GetHTTPClient(), Scheme: d.mgr.GetScheme(), Mapper: d.mgr.GetRESTMapper(), ByObject: watched,
	})
	if err != nil {
		return nil, fmt.Errorf("watch pods: %w", err)
	}
	return informers, nil
}

// newClient makes a client that does not write faster than writesPerSecond.
func (d *duties) newClient() (client.Client, error) {
	api := rest.CopyConfig(d.api)
	api.QPS, api.Burst = writesPerSecond, writesPerSecond
	c, err := client.New(api, client.Options{HTTPClient: d.mgr.GetHTTPClient(), Scheme: d.mgr.GetScheme(), Mapper: d.mgr.GetRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", api.Host, err)
	}
	return c, nil
}
