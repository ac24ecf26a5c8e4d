package webidentity

import (
	"strings"

	"github.com/podidentity/podidentity/sidecar/config"
)

// global is the region of the one endpoint that serves all regions of the partition aws.
const global = "aws-global"

// region is where STS is asked for role. Where none is set the partition of the role decides, since no endpoint knows the
// roles of another partition; the rest of the world asks the global endpoint, which has neither a FIPS nor a dual-stack form.
func region(settings config.STS, role string) string {
	if settings.Region != "" {
		return settings.Region
	}
	switch partition(role) {
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

// partition is the second field of an ARN, arn:partition:iam::account:role/name.
func partition(arn string) string {
	return field(arn, 1)
}

// account is the fifth field of an ARN where it has the form of an account, 12 digits, and otherwise empty.
func account(arn string) string {
	id := field(arn, 4)
	if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	return id
}

func field(arn string, i int) string {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 {
		return ""
	}
	return fields[i]
}
