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
	// maxSessionName is STS's limit, in characters.
	maxSessionName = 64
	// minClusterPart is how much of a long cluster name stays in the name of a session, however long the pod's name is.
	minClusterPart = 8
	// minSession is the shortest session that STS issues. The first hop of a chain needs no more.
	minSession = 15 * time.Minute
)

// firstHop assumes the role of the association. The session tags are transitive: STS passes them on to the target, and the source identity
// as well.
func (i *Issuer) firstHop(pod tokens.Pod, id contract.Identity) *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{
		RoleArn: &id.RoleARN, RoleSessionName: aws.String(i.sessionName(pod)), SourceIdentity: optional(id.PodSourceIdentity(pod.Name)),
	}
	if !id.DisableSessionTags {
		in.Tags = i.tags(pod, id)
		for _, tag := range in.Tags {
			in.TransitiveTagKeys = append(in.TransitiveTagKeys, *tag.Key)
		}
	}
	if id.TargetRoleARN != "" {
		in.DurationSeconds = seconds(minSession)
		return in
	}
	in.DurationSeconds = seconds(time.Duration(id.SessionDuration))
	in.Policy = optional(id.Policy)
	return in
}

// secondHop assumes the target. It sets neither tags nor source identity, since STS refuses to set a transitive tag again, and to change the other.
func (i *Issuer) secondHop(pod tokens.Pod, id contract.Identity) *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{
		RoleArn: &id.TargetRoleARN, RoleSessionName: aws.String(i.sessionName(pod)),
		DurationSeconds: seconds(time.Duration(min(id.SessionDuration, contract.MaxChainedSession))),
		Policy:          optional(id.Policy),
		ExternalId:      optional(i.externalID(pod, id)),
	}
}

// externalID is the association's own, or else that of EKS, which identifies the pod if session tags do not (EKS user guide,
// "Access AWS resources using EKS Pod Identity Target IAM Roles").
func (i *Issuer) externalID(pod tokens.Pod, id contract.Identity) string {
	if id.ExternalID != "" || !id.DisableSessionTags {
		return id.ExternalID
	}
	cluster := strings.Split(i.settings.ClusterARN, ":")
	region, account := cluster[3], cluster[4]
	return strings.Join([]string{region, account, i.settings.ClusterName, pod.Namespace, pod.ServiceAccount}, "/")
}

// sessionName is eks-<cluster>-<pod>-<UID>, as in EKS, but with the pod's UID, so that it stays the same for the life of the pod.
// Long names are cut, but never the UID.
func (i *Issuer) sessionName(pod tokens.Pod) string {
	uid := pod.UID[:min(len(pod.UID), maxSessionName-len("eks---")-2*minClusterPart)]
	room := maxSessionName - len("eks---") - len(uid)
	cluster := i.settings.ClusterName[:min(len(i.settings.ClusterName), max(minClusterPart, room-len(pod.Name)))]
	return "eks-" + cluster + "-" + pod.Name[:min(len(pod.Name), room-len(cluster))] + "-" + uid
}

// tags are those of EKS, and those of the identity.
func (i *Issuer) tags(pod tokens.Pod, id contract.Identity) []types.Tag {
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
	for key, value := range id.OwnTags() {
		tags = append(tags, types.Tag{Key: &key, Value: &value})
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
