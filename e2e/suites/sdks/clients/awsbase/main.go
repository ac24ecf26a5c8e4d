// Awsbase lists a bucket with the chain of Terraform's provider for AWS.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"github.com/podidentity/podidentity/e2e/suites/sdks/clients/lines"
)

func main() {
	var client *s3.Client
	lines.Serve("github.com/hashicorp/aws-sdk-go-base/v2", func(ctx context.Context) (keys []string, err error) {
		if client == nil {
			// What it skips are calls that MinIO does not know.
			_, config, diagnostics := awsbase.GetAwsConfig(ctx, &awsbase.Config{
				Region: os.Getenv("AWS_REGION"), SkipCredsValidation: true, SkipRequestingAccountId: true, MaxRetries: 1,
			})
			if diagnostics.HasError() {
				return nil, fmt.Errorf("%s: %s", diagnostics[0].Summary(), diagnostics[0].Detail())
			}
			client = s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
		}
		found, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(os.Getenv("BUCKET"))})
		if err != nil {
			return nil, err
		}
		for _, object := range found.Contents {
			keys = append(keys, aws.ToString(object.Key))
		}
		return keys, nil
	})
}
