package contract

// Session tags of EKS Pod Identity, all of them transitive. Policies test them as aws:PrincipalTag/<key>, and trust policies as
// aws:RequestTag/<key> (EKS user guide, "Grant pods access to AWS resources based on tags").
const (
	TagClusterARN     = "eks-cluster-arn"
	TagClusterName    = "eks-cluster-name"
	TagNamespace      = "kubernetes-namespace"
	TagServiceAccount = "kubernetes-service-account"
	TagPodName        = "kubernetes-pod-name"
	TagPodUID         = "kubernetes-pod-uid"
)

// SessionTags are the keys of the session tags of EKS Pod Identity.
func SessionTags() []string {
	return []string{TagClusterARN, TagClusterName, TagNamespace, TagServiceAccount, TagPodName, TagPodUID}
}
