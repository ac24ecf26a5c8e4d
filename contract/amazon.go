package contract

import (
	"net/url"
	"strings"
)

// AmazonEKSAuth returns the region of a URL of Amazon's own EKS Auth, such as https://eks-auth.REGION.api.aws, in any partition, with
// FIPS or by a VPC endpoint (the endpoint data of the AWS SDKs). Amazon's service requires signed requests and has a certificate of a
// public CA; any other auth service takes unsigned requests and has a CA of its own.
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
