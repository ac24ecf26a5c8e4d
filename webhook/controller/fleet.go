package controller

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// others is the value of a label that stands for all namespaces or associations beyond the limit. No object can have this name.
const others = "_others"

// fleet has the metrics of all pods and associations, of which it shows no more than limit namespaces and limit associations by name: those
// in trouble first. It is a prometheus.Collector, and safe for concurrent use.
type fleet struct {
	limit                             int
	pods, awaiting, ready, associated *prometheus.Desc

	mu         sync.Mutex
	census     census
	uninjected map[string]int
}

func newFleet(limit int, registry prometheus.Registerer) (*fleet, error) {
	f := &fleet{
		limit: limit,
		pods: prometheus.NewDesc("podidentity_pods",
			"Pods by namespace and by what became of them, as the leading replica last saw them; a state without pods has no series.", []string{"namespace", "state"}, nil),
		awaiting: prometheus.NewDesc("podidentity_oldest_awaiting_pod_timestamp_seconds",
			"Since when the pod of a namespace waits for its first credentials that has waited for longest, in Unix seconds; none where none waits.", []string{"namespace"}, nil),
		ready: prometheus.NewDesc("podidentity_association_ready",
			"1 where the condition Ready of an association is True, else 0.", []string{"association"}, nil),
		associated: prometheus.NewDesc("podidentity_association_pods",
			"Pods by the association that gives them their role and by what became of them; a state without pods has no series.", []string{"association", "state"}, nil),
		uninjected: map[string]int{},
	}
	if err := registry.Register(f); err != nil {
		return nil, fmt.Errorf("register the metrics of pods: %w", err)
	}
	return f, nil
}

// count replaces what was found before.
func (f *fleet) count(found census) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.census = found
}

// countUninjected replaces the number of uninjected pods of a namespace.
func (f *fleet) countUninjected(namespace string, pods int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if delete(f.uninjected, namespace); pods > 0 {
		f.uninjected[namespace] = pods
	}
}

// reset forgets everything: another replica leads.
func (f *fleet) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.census, f.uninjected = census{}, map[string]int{}
}

// Describe implements prometheus.Collector.
func (f *fleet) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{f.pods, f.awaiting, f.ready, f.associated} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (f *fleet) Collect(metrics chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.collectNamespaces(metrics)
	f.collectAssociations(metrics)
}

func (f *fleet) collectNamespaces(metrics chan<- prometheus.Metric) {
	urgent := map[string]bool{}
	for namespace, states := range f.census.namespaces {
		urgent[namespace] = inTrouble(states)
	}
	for namespace := range f.uninjected {
		urgent[namespace] = true
	}
	named := f.names(urgent)
	pods, oldest := map[[2]string]int{}, map[string]time.Time{}
	for namespace := range urgent {
		name := named(namespace)
		for state, count := range f.census.namespaces[namespace] {
			pods[[2]string{name, state}] += count
		}
		if count := f.uninjected[namespace]; count > 0 {
			pods[[2]string{name, stateUninjected}] += count
		}
		since, waits := f.census.oldest[namespace]
		if known, is := oldest[name]; waits && (!is || since.Before(known)) {
			oldest[name] = since
		}
	}
	emitPods(metrics, f.pods, pods)
	for name, since := range oldest {
		metrics <- prometheus.MustNewConstMetric(f.awaiting, prometheus.GaugeValue, float64(since.Unix()), name)
	}
}

func (f *fleet) collectAssociations(metrics chan<- prometheus.Metric) {
	urgent := map[string]bool{}
	for name, ready := range f.census.ready {
		urgent[name] = !ready
	}
	named := f.names(urgent)
	pods, unready := map[[2]string]int{}, map[string]bool{}
	for association, ready := range f.census.ready {
		name := named(association)
		unready[name] = unready[name] || !ready
		for state, count := range f.census.associations[association] {
			pods[[2]string{name, state}] += count
		}
	}
	emitPods(metrics, f.associated, pods)
	for name, not := range unready {
		value := 1.0
		if not {
			value = 0
		}
		metrics <- prometheus.MustNewConstMetric(f.ready, prometheus.GaugeValue, value, name)
	}
}

func emitPods(metrics chan<- prometheus.Metric, description *prometheus.Desc, pods map[[2]string]int) {
	for labels, count := range pods {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, float64(count), labels[0], labels[1])
	}
}

// names says under which name an object is counted: its own within the limit, for which the urgent ones come first.
func (f *fleet) names(urgent map[string]bool) func(string) string {
	var first, last []string
	for name, is := range urgent {
		if is {
			first = append(first, name)
		} else {
			last = append(last, name)
		}
	}
	slices.Sort(first)
	slices.Sort(last)
	all := slices.Concat(first, last)
	beyond := map[string]bool{}
	for _, name := range all[min(f.limit, len(all)):] {
		beyond[name] = true
	}
	return func(name string) string {
		if beyond[name] {
			return others
		}
		return name
	}
}

// inTrouble reports whether a state of some pod needs somebody's attention.
func inTrouble(states map[string]int) bool {
	return states[stateAwaiting]+states[stateRefused]+states[stateFailing]+states[stateOutdated] > 0
}
