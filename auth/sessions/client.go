package sessions

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/podidentity/podidentity/internal/upstream"
)

// limitedClient is an HTTP client that limits the bodies of responses.
type limitedClient struct {
	aws.HTTPClient
}

func newLimitedClient(client aws.HTTPClient) aws.HTTPClient {
	// The SDK sets none if the environment configures none.
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	return limitedClient{client}
}

// Do implements aws.HTTPClient.
func (c limitedClient) Do(request *http.Request) (*http.Response, error) {
	response, err := c.HTTPClient.Do(request)
	if err != nil {
		return nil, err
	}
	upstream.LimitBody(response)
	return response, nil
}
