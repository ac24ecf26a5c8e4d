package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// expiry is the metric of when the certificates expire. One that is missing or unknown has no value.
type expiry struct {
	certificates certificates
	timestamp    *prometheus.Desc
}

// registerExpiry adds the metric to the registry. It is named like that of cert-manager.
func registerExpiry(registry prometheus.Registerer, c certificates) error {
	collector := expiry{certificates: c, timestamp: prometheus.NewDesc(
		"podidentity_certificate_expiration_timestamp_seconds",
		"When the certificate of the admission server (leaf) and that of its CA (ca) end, in Unix seconds.",
		[]string{"certificate"}, nil,
	)}
	if err := registry.Register(collector); err != nil {
		return fmt.Errorf("register the metric of certificates: %w", err)
	}
	return nil
}

// Describe implements prometheus.Collector.
func (e expiry) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- e.timestamp }

// Collect implements prometheus.Collector.
func (e expiry) Collect(values chan<- prometheus.Metric) {
	current := e.certificates.Expiry()
	for certificate, end := range map[string]time.Time{"leaf": current.Leaf, "ca": current.CA} {
		if !end.IsZero() {
			values <- prometheus.MustNewConstMetric(e.timestamp, prometheus.GaugeValue, float64(end.Unix()), certificate)
		}
	}
}
