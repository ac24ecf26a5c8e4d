package process

import (
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/internal/version"
)

// RegisterBuildInfo adds the metric of the version, which is 1 and has its information in labels, as that of Prometheus itself.
func RegisterBuildInfo(registry prometheus.Registerer) error {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "podidentity_build_info",
		Help:        "Always 1. The labels have the version of the binary, and that of Go.",
		ConstLabels: prometheus.Labels{"version": version.String(), "goversion": runtime.Version()},
	})
	info.Set(1)
	if err := registry.Register(info); err != nil {
		return fmt.Errorf("register the metric of the version: %w", err)
	}
	return nil
}
