package eksauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// metadataTimeout bounds one request to the instance metadata service, which is on the same machine. If its hop limit excludes pods,
// responses never arrive.
const metadataTimeout = 2 * time.Second

// sign signs a request to Amazon with the credentials of the node's role. They are fetched each time and not kept, since they permit
// more than those of the pod. It returns their session token, which no message may repeat.
func (s Source) sign(ctx context.Context, request *http.Request, body []byte) (secret string, err error) {
	node, err := nodeCredentials(ctx)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, node, request, hex.EncodeToString(digest[:]), "eks-auth", s.Region, time.Now()); err != nil {
		return node.SessionToken, fmt.Errorf("sign the request to EKS Auth: %w", err)
	}
	return node.SessionToken, nil
}

func nodeCredentials(ctx context.Context) (aws.Credentials, error) {
	transport := &http.Transport{
		// A proxy would reach the metadata service of its own machine.
		Proxy:                 nil,
		DialContext:           (&net.Dialer{Timeout: metadataTimeout}).DialContext,
		ResponseHeaderTimeout: metadataTimeout,
	}
	defer transport.CloseIdleConnections()
	client := imds.New(imds.Options{
		HTTPClient: &http.Client{Transport: transport},
		// The Keeper retries.
		Retryer: aws.NopRetryer{},
		// IMDSv1 is open to request forgery.
		EnableFallback: aws.FalseTernary,
		// AWS_EC2_METADATA_DISABLED is meant for applications, whose SDKs must not fall back to the role of the node.
		ClientEnableState: imds.ClientEnabled,
	})
	node, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }).Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, transient(fmt.Sprintf("the instance metadata service gives no credentials of the node's role, with which requests to EKS Auth are signed: "+
			"give the node an instance profile and its metadata service a hop limit of 2, or use another source: %v", err))
	}
	return node, nil
}
