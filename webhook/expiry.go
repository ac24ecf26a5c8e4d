package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// expiry measures when the certificates end. A certificate that is not there, or not known, has no value.
type expiry struct {
	certificates certificates
	timestamp    *prometheus.Desc
}

// registerExpiry adds the metric to the registry. Its name is cert-manager's, but for the prefix.
func registerExpiry(registry prometheus.Registerer, of certificates) error {
	collector := expiry{certificates: of, timestamp: prometheus.NewDesc(
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
	now := e.certificates.Expiry()
	for certificate, end := range map[string]time.Time{"leaf": now.Leaf, "ca": now.CA} {
		if !end.IsZero() {
			values <- prometheus.MustNewConstMetric(e.timestamp, prometheus.GaugeValue, float64(end.Unix()), certificate)
		}
	}
}
