package sessions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/contract"
)

// hop is one role of a role chain. Caller says who assumes it, and actions what that takes, for the message of a failure.
type hop struct {
	role, caller, actions string
}

// assume makes one call of STS. It does not retry: clients do, and they know how long their current credentials last.
func (i *Issuer) assume(ctx context.Context, h hop, caller aws.Credentials, in *sts.AssumeRoleInput) (Session, error) {
	i.metrics.waiting.Inc()
	err := i.throttle.wait(ctx)
	i.metrics.waiting.Dec()
	if err != nil {
		return Session{}, err
	}
	begin := time.Now()
	out, err := sts.NewFromConfig(i.aws, i.options, withCredentials(caller)).AssumeRole(ctx, in)
	var failure *exception.Exception
	if err != nil {
		failure = describe(err, h, caller.SecretAccessKey, caller.SessionToken)
	} else if err := checkCredentials(out.Credentials); err != nil {
		failure = exception.New(exception.ServiceUnavailable, "STS answered with %v for role %s: check what answers at its address", err, h.role)
	}
	i.metrics.observe(failure, time.Since(begin))
	i.throttle.observe(failure)
	if failure != nil {
		return Session{}, failure
	}
	return session(out, h.role, *in.RoleSessionName), nil
}

func (i *Issuer) options(o *sts.Options) {
	o.AppID = contract.ContainerName
	o.Retryer = aws.NopRetryer{}
	if i.settings.Endpoint != "" {
		o.BaseEndpoint = &i.settings.Endpoint
	}
}

// checkEndpoint refuses what the SDK refuses at each call: FIPS and dual-stack choose among Amazon's own endpoints.
func checkEndpoint(o sts.Options) error {
	chosen := o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled || o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled
	if chosen && o.BaseEndpoint != nil {
		return fmt.Errorf("the endpoint %s of STS excludes AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT: remove it, or these", *o.BaseEndpoint)
	}
	return nil
}

func withCredentials(credentials aws.Credentials) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil })
	}
}

// checkCredentials refuses credentials that no client could use.
func checkCredentials(c *types.Credentials) error {
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" || aws.ToString(c.SessionToken) == "" {
		return errors.New("incomplete credentials")
	}
	if !time.Now().Before(aws.ToTime(c.Expiration)) {
		return errors.New("expired credentials")
	}
	return nil
}

func session(out *sts.AssumeRoleOutput, role, name string) Session {
	s := Session{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
		SessionToken: *out.Credentials.SessionToken, Expiration: *out.Credentials.Expiration,
	}
	if user := out.AssumedRoleUser; user != nil {
		s.UserARN, s.UserID = aws.ToString(user.Arn), aws.ToString(user.AssumedRoleId)
	}
	// MinIO leaves both empty, and the API requires them.
	if s.UserARN == "" {
		s.UserARN = userARN(role, name)
	}
	if s.UserID == "" {
		s.UserID = s.AccessKeyID + ":" + name
	}
	s.RequestIDs = []string{requestID(out.ResultMetadata)}
	return s
}

// requestID is that of STS, by which the call is found in CloudTrail. MinIO sends it in a header that the SDK does not read.
func requestID(metadata middleware.Metadata) string {
	if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
		return id
	}
	if response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok {
		return response.Header.Get("X-Amz-Request-Id")
	}
	return ""
}

// userARN is arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION, without the path of the role.
func userARN(role, name string) string {
	parts := strings.SplitN(role, ":", 6)
	if len(parts) < 6 {
		return role + "/" + name
	}
	return "arn:" + parts[1] + ":sts::" + parts[4] + ":assumed-role/" + parts[5][strings.LastIndex(parts[5], "/")+1:] + "/" + name
}
