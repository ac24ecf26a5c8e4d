package webidentity

import (
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

// global is the region of the one endpoint that serves all regions of the partition aws.
const global = "aws-global"

// region is where STS is asked for role. Where none is set the partition of the role decides, since no endpoint knows the
// roles of another partition; the rest of the world asks the global endpoint, which has neither a FIPS nor a dual-stack form.
func region(settings STS, role string) string {
	if settings.Region != "" {
		return settings.Region
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
	// Beside a custom endpoint the region only signs, and no service signs for aws-global.
	if settings.FIPS || settings.DualStack || settings.Endpoint != "" {
		return "us-east-1"
	}
	return global
}
