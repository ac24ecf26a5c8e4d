// Gov1 lists a bucket with the AWS SDK for Go v1 and its default chain.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go/aws"         //nolint:staticcheck // many programs have it still
	"github.com/aws/aws-sdk-go/aws/session" //nolint:staticcheck // many programs have it still
	"github.com/aws/aws-sdk-go/service/s3"  //nolint:staticcheck // many programs have it still

	"github.com/podidentity/podidentity/e2e/suites/sdks/clients/lines"
)

func main() {
	var client *s3.S3
	lines.Serve("github.com/aws/aws-sdk-go", func(ctx context.Context) (keys []string, err error) {
		if client == nil {
			// It does not read AWS_ENDPOINT_URL_S3.
			made, err := session.NewSession(&aws.Config{
				Endpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_S3")), S3ForcePathStyle: aws.Bool(true),
			})
			if err != nil {
				return nil, err
			}
			client = s3.New(made)
		}
		out, err := client.ListObjectsV2WithContext(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(os.Getenv("BUCKET"))})
		if err != nil {
			return nil, err
		}
		for _, object := range out.Contents {
			keys = append(keys, aws.StringValue(object.Key))
		}
		return keys, nil
	})
}
