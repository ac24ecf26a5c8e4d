package webidentity

import (
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

// globalRegion is that of the endpoint that serves all regions of the partition aws.
const globalRegion = "aws-global"

// stsRegion is the region of the endpoint for role. If none is set, the partition of the role decides, since no endpoint knows the
// roles of another partition. The partition aws has a global endpoint, which has neither a FIPS nor a dual-stack form.
func stsRegion(s STS, role string) string {
	if s.Region != "" {
		return s.Region
	}
	switch exchange.Partition(role) {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	case "aws-iso":
		return "us-iso-east-1"
	case "aws-iso-b":
		return "us-isob-east-1"
	case "aws-iso-e":
		return "eu-isoe-west-1"
	case "aws-iso-f":
		return "us-isof-south-1"
	case "aws-eusc":
		return "eusc-de-east-1"
	}
	// With a custom endpoint the region is used only for signing, and aws-global is not valid there.
	if s.FIPS || s.DualStack || s.Endpoint != "" {
		return "us-east-1"
	}
	return globalRegion
}
