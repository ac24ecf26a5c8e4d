package sessions

import (
	"context"
	"errors"
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

// hop is one assumption of a role; by says in words who assumes it.
type hop struct {
	role, by string
}

// assume makes one call of STS, when there is a turn for it. It does not repeat it: clients do, and they know how long
// their old credentials last.
func (i *Issuer) assume(ctx context.Context, h hop, by aws.Credentials, in *sts.AssumeRoleInput) (Session, error) {
	if err := i.pace.wait(ctx); err != nil {
		return Session{}, err
	}
	begin := time.Now()
	out, err := sts.NewFromConfig(i.settings.AWS, i.options, as(by)).AssumeRole(ctx, in)
	var refused *exception.Exception
	if err != nil {
		refused = explain(err, h, by.SecretAccessKey, by.SessionToken)
	} else if problem := implausible(out.Credentials); problem != nil {
		refused = exception.New(exception.ServiceUnavailable, "STS answered for role %s %v: check what answers at its address", h.role, problem)
	}
	i.metrics.called(refused, time.Since(begin))
	i.pace.heard(refused)
	if refused != nil {
		return Session{}, refused
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

func as(credentials aws.Credentials) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil })
	}
}

// implausible says what no client could use.
func implausible(c *types.Credentials) error {
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" || aws.ToString(c.SessionToken) == "" {
		return errors.New("without credentials")
	}
	if !time.Now().Before(aws.ToTime(c.Expiration)) {
		return errors.New("with credentials that have expired")
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
	// MinIO leaves both empty, and the API demands them.
	if s.UserARN == "" {
		s.UserARN = userARN(role, name)
	}
	if s.UserID == "" {
		s.UserID = s.AccessKeyID + ":" + name
	}
	s.RequestIDs = []string{requestID(out.ResultMetadata)}
	return s
}

// requestID is STS's own, by which CloudTrail finds the call. MinIO gives it under a name that the SDK does not know.
func requestID(metadata middleware.Metadata) string {
	if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
		return id
	}
	if response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok {
		return response.Header.Get("X-Amz-Request-Id")
	}
	return ""
}

// userARN is arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION, in which a role's path is left out.
func userARN(role, name string) string {
	parts := strings.SplitN(role, ":", 6)
	if len(parts) < 6 {
		return role + "/" + name
	}
	return "arn:" + parts[1] + ":sts::" + parts[4] + ":assumed-role/" + parts[5][strings.LastIndex(parts[5], "/")+1:] + "/" + name
}
