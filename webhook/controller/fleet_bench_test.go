package controller

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// BenchmarkScrape gathers the metrics of 10,000 associations, and of 5,000 pods in 500 namespaces.
func BenchmarkScrape(b *testing.B) {
	found := census{namespaces: map[string]map[string]int{}, associations: map[string]map[string]int{}, ready: map[string]bool{}}
	for i := range 10_000 {
		found.ready[fmt.Sprint("association-", i)] = true
	}
	for i := range 5000 {
		add(found.namespaces, fmt.Sprint("namespace-", i%500), stateWithCredentials)
		add(found.associations, fmt.Sprint("association-", i), stateWithCredentials)
	}
	for _, limit := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(limit, " names"), func(b *testing.B) {
			registry := prometheus.NewRegistry()
			f, err := newFleet(limit, registry)
			if err != nil {
				b.Fatal(err)
			}
			f.count(found)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := registry.Gather(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
