// Package webidentity is the source of credentials that needs nothing but the pod's own service account token: it sends the token to
// AWS STS, and to nobody else.
package webidentity

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

// maxToken is the limit of STS, in bytes (API reference of AssumeRoleWithWebIdentity).
const maxToken = 20_000

// Source exchanges the token in a file for credentials of a role, and these for credentials of a target role if the identity has
// one.
type Source struct {
	// TokenFile is read for each fetch, because the kubelet renews it.
	TokenFile string
	// STS says how to reach AWS STS.
	STS STS
	// Pod names the session, so that CloudTrail leads back to the pod, and is the source of its tags.
	Pod Pod
}

// STS says how to reach AWS STS. The proxy is not part of it: net/http reads HTTPS_PROXY and NO_PROXY itself.
type STS struct {
	// Region of the endpoint. If it is empty, the partition of the role decides.
	Region string
	// Endpoint is a URL that replaces the one of the region.
	Endpoint string
	// CABundle is a PEM file of the CAs to trust instead of the public ones. It is read for each fetch.
	CABundle string
	// FIPS and DualStack choose among the endpoints of a region.
	FIPS, DualStack bool
}

// Pod is the pod that the sidecar runs in. Outside Kubernetes its fields are empty.
type Pod struct {
	Name, Namespace, UID, ServiceAccount string
	// ClusterName and ClusterARN name the cluster that the pod runs in, as on EKS. Elsewhere they are often empty.
	ClusterName, ClusterARN string
}

var _ credentials.Source = Source{}

// Fetch implements credentials.Source. It keeps nothing for the next fetch, half an hour later: every pod would pay for the memory.
func (s Source) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	token, err := service().ReadToken(s.TokenFile, maxToken)
	if err != nil {
		return credentials.Credentials{}, err
	}
	roots, err := exchange.LoadRoots(s.STS.CABundle, "AWS_CA_BUNDLE", "correct or unset it")
	if err != nil {
		return credentials.Credentials{}, err
	}
	client := exchange.NewClient(roots)
	defer client.CloseIdleConnections()
	first, err := s.assumeWithToken(ctx, s.options(client, id.RoleARN), id, token)
	if err != nil {
		return credentials.Credentials{}, s.failure(err, hop{role: id.RoleARN}, token)
	}
	if id.TargetRoleARN == "" {
		return first, nil
	}
	target, err := s.assumeTarget(ctx, s.options(client, id.TargetRoleARN), id, first)
	if err != nil {
		return credentials.Credentials{}, s.failure(err, hop{role: id.TargetRoleARN, caller: id.RoleARN, actions: id.Actions()}, token, first.SecretAccessKey, first.SessionToken)
	}
	return target, nil
}

func (s Source) assumeWithToken(ctx context.Context, options sts.Options, id contract.Identity, token string) (credentials.Credentials, error) {
	in := &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          &id.RoleARN,
		RoleSessionName:  aws.String(SessionName(s.Pod)),
		WebIdentityToken: &token,
	}
	// With a target role, these apply only to the session of that role, as on EKS (README, Role chaining).
	if id.TargetRoleARN == "" {
		in.DurationSeconds = seconds(id.SessionDuration)
		in.Policy = optional(id.Policy)
	}
	out, err := sts.New(options).AssumeRoleWithWebIdentity(ctx, in)
	if err != nil {
		return credentials.Credentials{}, err
	}
	return session(out.Credentials, out.AssumedRoleUser, id.RoleARN, out.ResultMetadata)
}

// options disables retries: the Keeper retries, and knows how long the old credentials last.
func (s Source) options(client *http.Client, role string) sts.Options {
	o := sts.Options{
		Region:       stsRegion(s.STS, role),
		Retryer:      aws.NopRetryer{},
		AppID:        contract.ContainerName,
		HTTPClient:   client,
		BaseEndpoint: optional(s.STS.Endpoint),
	}
	if s.STS.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if s.STS.DualStack {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	return o
}
