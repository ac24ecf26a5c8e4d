package contract_test

import (
	"testing"

	"github.com/podidentity/podidentity/contract"
)

func TestAmazonsOwnEndpointIsKnownByItsName(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://eks-auth.eu-central-1.api.aws":                                    "eu-central-1",
		"https://EKS-Auth.eu-central-1.api.aws:443/":                               "eu-central-1",
		"https://eks-auth-fips.us-gov-west-1.api.aws":                              "us-gov-west-1",
		"https://eks-auth.eusc-de-east-1.api.amazonwebservices.eu":                 "eusc-de-east-1",
		"https://eks-auth.us-isob-east-1.api.aws.scloud":                           "us-isob-east-1",
		"https://eks-auth.cn-north-1.api.amazonwebservices.com.cn":                 "cn-north-1",
		"https://vpce-0a1b2c3d-4e5f.eks-auth.eu-central-1.vpce.amazonaws.com":      "eu-central-1",
		"https://pod-identity-auth.pod-identity.svc":                               "",
		"https://eks-auth.eu-central-1.api.aws.example.com":                        "",
		"https://sts.eu-central-1.api.aws":                                         "",
		"https://api.aws":                                                          "",
		"https://127.0.0.1:8443":                                                   "",
		"https://example.com/eks-auth.eu-central-1.api.aws":                        "",
		"https://eks-auth.eu-central-1.api.aws@pod-identity-auth.pod-identity.svc": "",
		"":    "",
		"://": "",
	} {
		region, ok := contract.AmazonEKSAuth(endpoint)
		if ok != (want != "") || ok && region != want {
			t.Errorf("%q: %q %t", endpoint, region, ok)
		}
	}
}
