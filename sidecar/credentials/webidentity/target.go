package webidentity

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func (s Source) assumeTarget(ctx context.Context, options sts.Options, id contract.Identity, first credentials.Credentials) (credentials.Credentials, error) {
	options.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{
			AccessKeyID: first.AccessKeyID, SecretAccessKey: first.SecretAccessKey, SessionToken: first.SessionToken,
		}, nil
	})
	in := &sts.AssumeRoleInput{
		RoleArn:         &id.TargetRoleARN,
		RoleSessionName: aws.String(SessionName(s.Pod)),
		DurationSeconds: seconds(min(id.SessionDuration, contract.MaxChainedSession)),
		ExternalId:      optional(id.ExternalID),
		Policy:          optional(id.Policy),
		SourceIdentity:  optional(id.PodSourceIdentity(s.Pod.Name)),
	}
	if !id.DisableSessionTags {
		in.Tags = sessionTags(s.Pod, id)
		for _, tag := range in.Tags {
			in.TransitiveTagKeys = append(in.TransitiveTagKeys, *tag.Key)
		}
	}
	out, err := sts.New(options).AssumeRole(ctx, in)
	if err != nil {
		return credentials.Credentials{}, err
	}
	return session(out.Credentials, out.AssumedRoleUser, id.TargetRoleARN, out.ResultMetadata)
}

// sessionTags are those of EKS Pod Identity, so that policies written for it work (README, Role chaining), and those of the identity. A tag
// without a value is left out: two empty ones would match a policy that compares them.
func sessionTags(pod Pod, id contract.Identity) []types.Tag {
	var tags []types.Tag
	for _, tag := range []struct{ key, value string }{
		{contract.TagClusterARN, pod.ClusterARN},
		{contract.TagClusterName, pod.ClusterName},
		{contract.TagNamespace, pod.Namespace},
		{contract.TagServiceAccount, pod.ServiceAccount},
		{contract.TagPodName, pod.Name},
		{contract.TagPodUID, pod.UID},
	} {
		if tag.value != "" {
			tags = append(tags, types.Tag{Key: aws.String(tag.key), Value: aws.String(tag.value)})
		}
	}
	for key, value := range id.OwnTags() {
		tags = append(tags, types.Tag{Key: &key, Value: &value})
	}
	return tags
}

func seconds(d contract.Duration) *int32 {
	if d <= 0 {
		return nil
	}
	return aws.Int32(int32(time.Duration(d) / time.Second))
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
