package sessions

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
)

const (
	// sessionNameLimit is STS's, in characters.
	sessionNameLimit = 64
	// clusterShare is what of the name a long pod name leaves to a long cluster name.
	clusterShare = 8
	// chainedLimit is the longest session that STS gives to a role assumed by a role, and the shortest that it gives at all is
	// enough for a first hop, which is used once and at once.
	chainedLimit, shortest = time.Hour, 15 * time.Minute
)

// firstHop asks for the role of the association. The session tags are transitive: STS passes them on to the target.
func (i *Issuer) firstHop(pod tokens.Pod, id contract.Identity) *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{RoleArn: &id.RoleARN, RoleSessionName: aws.String(i.sessionName(pod))}
	if !id.DisableSessionTags {
		in.Tags = i.tags(pod)
		for _, tag := range in.Tags {
			in.TransitiveTagKeys = append(in.TransitiveTagKeys, *tag.Key)
		}
	}
	if id.TargetRoleARN != "" {
		in.DurationSeconds = seconds(shortest)
		return in
	}
	in.DurationSeconds = seconds(time.Duration(id.SessionDuration))
	in.Policy = optional(id.Policy)
	return in
}

// secondHop asks for the target. Tags are left out, since STS refuses to set again what is transitive.
func (i *Issuer) secondHop(pod tokens.Pod, id contract.Identity) *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{
		RoleArn: &id.TargetRoleARN, RoleSessionName: aws.String(i.sessionName(pod)),
		DurationSeconds: seconds(min(time.Duration(id.SessionDuration), chainedLimit)),
		Policy:          optional(id.Policy),
		ExternalId:      optional(i.externalID(pod, id)),
	}
}

// externalID is the association's own, or that of EKS, which is there only where no tags tell who the pod is (EKS user guide,
// "Access AWS resources using EKS Pod Identity Target IAM Roles").
func (i *Issuer) externalID(pod tokens.Pod, id contract.Identity) string {
	if id.ExternalID != "" || !id.DisableSessionTags {
		return id.ExternalID
	}
	cluster := strings.Split(i.settings.ClusterARN, ":")
	region, account := cluster[3], cluster[4]
	return strings.Join([]string{region, account, i.settings.ClusterName, pod.Namespace, pod.ServiceAccount}, "/")
}

// sessionName is eks-<cluster>-<pod>-<UUID>, as EKS names sessions, with the pod's UID: the same for the pod's whole life.
// Names that are too long are cut, the UID never.
func (i *Issuer) sessionName(pod tokens.Pod) string {
	uid := pod.UID[:min(len(pod.UID), sessionNameLimit-len("eks---")-2*clusterShare)]
	room := sessionNameLimit - len("eks---") - len(uid)
	cluster := i.settings.ClusterName[:min(len(i.settings.ClusterName), max(clusterShare, room-len(pod.Name)))]
	return "eks-" + cluster + "-" + pod.Name[:min(len(pod.Name), room-len(cluster))] + "-" + uid
}

func (i *Issuer) tags(pod tokens.Pod) []types.Tag {
	var tags []types.Tag
	for _, tag := range []struct{ key, value string }{
		{contract.TagClusterARN, i.settings.ClusterARN},
		{contract.TagClusterName, i.settings.ClusterName},
		{contract.TagNamespace, pod.Namespace},
		{contract.TagServiceAccount, pod.ServiceAccount},
		{contract.TagPodName, pod.Name},
		{contract.TagPodUID, pod.UID},
	} {
		tags = append(tags, types.Tag{Key: aws.String(tag.key), Value: aws.String(tag.value)})
	}
	return tags
}

func seconds(d time.Duration) *int32 {
	if d <= 0 {
		return nil
	}
	return aws.Int32(int32(d / time.Second))
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
