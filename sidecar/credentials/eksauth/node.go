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

// metadataTimeout bounds one answer of the instance metadata service, which is on the same machine. Where its hop limit keeps a
// pod away, its answers never arrive.
const metadataTimeout = 2 * time.Second

// sign signs a request to Amazon with the credentials of the node's role, which are asked for each time and dropped again: they are
// good for more than those that the pod gets, and no business of this process but for this. It returns what must not be repeated.
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
		// Never by a proxy: it would ask the metadata service of its own machine.
		Proxy:                 nil,
		DialContext:           (&net.Dialer{Timeout: metadataTimeout}).DialContext,
		ResponseHeaderTimeout: metadataTimeout,
	}
	defer transport.CloseIdleConnections()
	client := imds.New(imds.Options{
		HTTPClient: &http.Client{Transport: transport},
		// Retries are the Keeper's.
		Retryer: aws.NopRetryer{},
		// The first version of the protocol answers whoever can have this process send a request.
		EnableFallback: aws.FalseTernary,
		// AWS_EC2_METADATA_DISABLED is for applications, whose SDKs must not fall back to the role of the node.
		ClientEnableState: imds.ClientEnabled,
	})
	node, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }).Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, transient(fmt.Sprintf("the role of the node, by which Amazon's EKS Auth is asked, cannot be had from the instance metadata service: "+
			"give the node an instance profile and its metadata service a hop limit of 2, or use another source: %v", err))
	}
	return node, nil
}
