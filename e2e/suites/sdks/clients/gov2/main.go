// Gov2 lists a bucket with the AWS SDK for Go v2 and its default chain.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/podidentity/podidentity/e2e/suites/sdks/clients/lines"
)

func main() {
	var client *s3.Client
	lines.Serve("github.com/aws/aws-sdk-go-v2/config", func(ctx context.Context) (keys []string, err error) {
		if client == nil {
			loaded, err := config.LoadDefaultConfig(ctx)
			if err != nil {
				return nil, err
			}
			client = s3.NewFromConfig(loaded)
		}
		out, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(os.Getenv("BUCKET"))})
		if err != nil {
			return nil, err
		}
		for _, object := range out.Contents {
			keys = append(keys, aws.ToString(object.Key))
		}
		return keys, nil
	})
}
