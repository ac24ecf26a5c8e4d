package contract

import (
	"net/url"
	"strings"
)

// AmazonEKSAuth is the region of Amazon's own EKS Auth where that is what a URL leads to, as https://eks-auth.REGION.api.aws does,
// the same for FIPS and for other partitions, and a VPC endpoint of it (the endpoint data of the AWS SDKs). It takes signed
// requests, and is known by public authorities; any other auth service takes unsigned ones and has authorities of its own.
func AmazonEKSAuth(endpoint string) (region string, ok bool) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	for _, suffix := range []string{
		".api.aws", ".api.amazonwebservices.com.cn", ".api.amazonwebservices.eu",
		".api.aws.ic.gov", ".api.aws.scloud", ".api.aws.hci.ic.gov", ".api.cloud-aws.adc-e.uk", ".vpce.amazonaws.com",
	} {
		rest, cut := strings.CutSuffix(host, suffix)
		labels := strings.Split(rest, ".")
		if !cut || len(labels) < 2 {
			continue
		}
		service := labels[len(labels)-2]
		return labels[len(labels)-1], service == "eks-auth" || service == "eks-auth-fips"
	}
	return "", false
}
