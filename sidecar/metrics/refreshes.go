package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

// The results of a refresh.
const (
	success   = "success"
	transient = "transient"
	throttled = "throttled"
	refused   = "refused"
)

// InstrumentSource counts the fetches of source by their result, and notes when the last one succeeded.
func (m *Metrics) InstrumentSource(source credentials.Source) credentials.Source {
	if m == nil {
		return source
	}
	return countingSource{source, m}
}

type countingSource struct {
	credentials.Source
	metrics *Metrics
}

// Fetch implements credentials.Source.
func (c countingSource) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	fetched, err := c.Source.Fetch(ctx, id)
	c.metrics.refreshes.increment(result(err))
	if err == nil {
		c.metrics.refreshed.Store(time.Now().Unix())
	}
	return fetched, err
}

func result(err error) string {
	if err == nil {
		return success
	}
	failure, ok := errors.AsType[*credentials.Failure](err)
	if !ok {
		return transient
	}
	switch failure.Verdict {
	case credentials.Throttled:
		return throttled
	case credentials.Provisional, credentials.Refused:
		return refused
	default:
		return transient
	}
}
