package webidentity

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// endpoint is where a request for role goes, as the SDK works it out from the options.
func endpoint(t *testing.T, settings STS, role string) string {
	t.Helper()
	o := Source{STS: settings}.options(nil, role)
	got, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), sts.EndpointParameters{
		Region:       &o.Region,
		Endpoint:     o.BaseEndpoint,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.URI.String()
}

func TestEndpoint(t *testing.T) {
	const world, china, gov = "arn:aws:iam::1:role/r", "arn:aws-cn:iam::1:role/r", "arn:aws-us-gov:iam::1:role/r"
	for name, test := range map[string]struct {
		settings STS
		role     string
		want     string
	}{
		"a region has its own":               {STS{Region: "eu-central-1"}, world, "https://sts.eu-central-1.amazonaws.com"},
		"us-east-1 has its own":              {STS{Region: "us-east-1"}, world, "https://sts.us-east-1.amazonaws.com"},
		"a region of China":                  {STS{Region: "cn-northwest-1"}, china, "https://sts.cn-northwest-1.amazonaws.com.cn"},
		"no region is the global one":        {STS{}, world, "https://sts.amazonaws.com"},
		"no region in China":                 {STS{}, china, "https://sts.cn-north-1.amazonaws.com.cn"},
		"no region in GovCloud":              {STS{}, gov, "https://sts.us-gov-west-1.amazonaws.com"},
		"no region in iso":                   {STS{}, "arn:aws-iso:iam::1:role/r", "https://sts.us-iso-east-1.c2s.ic.gov"},
		"no region in iso-b":                 {STS{}, "arn:aws-iso-b:iam::1:role/r", "https://sts.us-isob-east-1.sc2s.sgov.gov"},
		"no region in iso-e":                 {STS{}, "arn:aws-iso-e:iam::1:role/r", "https://sts.eu-isoe-west-1.cloud.adc-e.uk"},
		"no region in iso-f":                 {STS{}, "arn:aws-iso-f:iam::1:role/r", "https://sts.us-isof-south-1.csp.hci.ic.gov"},
		"no region in the European cloud":    {STS{}, "arn:aws-eusc:iam::1:role/r", "https://sts.eusc-de-east-1.amazonaws.eu"},
		"FIPS":                               {STS{Region: "us-west-2", FIPS: true}, world, "https://sts-fips.us-west-2.amazonaws.com"},
		"FIPS without a region":              {STS{FIPS: true}, world, "https://sts-fips.us-east-1.amazonaws.com"},
		"dual-stack":                         {STS{Region: "us-west-2", DualStack: true}, world, "https://sts.us-west-2.api.aws"},
		"FIPS and dual-stack":                {STS{Region: "us-west-2", FIPS: true, DualStack: true}, world, "https://sts-fips.us-west-2.api.aws"},
		"dual-stack without a region":        {STS{DualStack: true}, world, "https://sts.us-east-1.api.aws"},
		"dual-stack in China":                {STS{Region: "cn-north-1", DualStack: true}, china, "https://sts.cn-north-1.api.amazonwebservices.com.cn"},
		"dual-stack in GovCloud":             {STS{DualStack: true}, gov, "https://sts.us-gov-west-1.api.aws"},
		"a custom one by an address of IPv6": {STS{Region: "x", Endpoint: "https://[fd00::1]:9000"}, world, "https://[fd00::1]:9000"},
		"a custom one":                       {STS{Region: "x", Endpoint: "http://minio:9000"}, world, "http://minio:9000"},
		"a custom one without a region":      {STS{Endpoint: "http://minio:9000/sts"}, "arn:minio:iam:::role/r", "http://minio:9000/sts"},
		"a role that is no ARN is the world": {STS{}, "reader", "https://sts.amazonaws.com"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := endpoint(t, test.settings, test.role); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
