// Miniogo lists a bucket with MinIO's client for Go and its provider of IAM credentials, as Thanos and Loki do.
package main

import (
	"context"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/podidentity/podidentity/e2e/suites/sdks/clients/lines"
)

func main() {
	var client *minio.Client
	lines.Serve("github.com/minio/minio-go/v7", func(ctx context.Context) (keys []string, err error) {
		if client == nil {
			endpoint, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL_S3"))
			if err != nil {
				return nil, err
			}
			client, err = minio.New(endpoint.Host, &minio.Options{Creds: credentials.NewIAM(""), Region: os.Getenv("AWS_REGION")})
			if err != nil {
				return nil, err
			}
		}
		for object := range client.ListObjectsIter(ctx, os.Getenv("BUCKET"), minio.ListObjectsOptions{}) {
			if object.Err != nil {
				return nil, object.Err
			}
			keys = append(keys, object.Key)
		}
		return keys, nil
	})
}
