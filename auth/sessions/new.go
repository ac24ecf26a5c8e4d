package sessions

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/cache"

	"github.com/podidentity/podidentity/internal/upstream"
)

// New returns an issuer, and registers its metrics.
func New(settings Settings, registry prometheus.Registerer) (*Issuer, error) {
	// It is absent where the environment asks for nothing special of it.
	if settings.AWS.HTTPClient == nil {
		settings.AWS.HTTPClient = awshttp.NewBuildableClient()
	}
	settings.AWS.HTTPClient = bounded{settings.AWS.HTTPClient}
	i := &Issuer{settings: settings, pace: newPace(settings.Rate), cache: cache.NewLRUExpireCache(maxCached)}
	var err error
	i.metrics, err = newMetrics(registry, func() float64 { return float64(len(i.cache.Keys())) })
	return i, err
}

// bounded is an HTTP client that reads no answer without end.
type bounded struct {
	aws.HTTPClient
}

// Do implements aws.HTTPClient.
func (b bounded) Do(request *http.Request) (*http.Response, error) {
	response, err := b.HTTPClient.Do(request)
	if err != nil {
		return nil, err
	}
	upstream.LimitBody(response)
	return response, nil
}
