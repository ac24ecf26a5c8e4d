package trustpolicy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/internal/issuer"
)

// Trust says whom roles trust.
type Trust struct {
	// Source is contract.SourceWebIdentity or contract.SourceEKSAuth, as the webhook's --source.
	Source string
	// Issuer and Audience are those of the service account tokens, with web identity.
	Issuer, Audience string
	// Principal is the ARN of the auth service's own AWS identity, or contract.AuthAudience for Amazon's own service.
	Principal string
	// ClusterARN is the cluster in the session tags of the auth service.
	ClusterARN string
}

// Validate names every mistake at once, by the flags of the command.
func (t Trust) Validate() error {
	switch t.Source {
	case contract.SourceWebIdentity:
		_, err := issuer.ParseURL(t.Issuer)
		return errors.Join(
			flags.Require(err == nil,
				"the issuer is %q, and AWS takes an https:// URL without query: give the one that AWS knows with --issuer", t.Issuer),
			flags.Require(t.Audience != "", "--audience is empty: set it to the audience of the webhook"),
			flags.Require(t.Principal == "" && t.ClusterARN == "", "--principal and --cluster-arn have no effect with --source=web-identity: remove them, or set --source=eks-auth"),
		)
	case contract.SourceEKSAuth:
		return errors.Join(
			flags.Require(t.Principal == contract.AuthAudience || arn.IsARN(t.Principal),
				"--principal is %q: set it to the ARN of the auth service's own IAM role or user, or to %s for Amazon's service", t.Principal, contract.AuthAudience),
			flags.Require(validClusterARN(t.ClusterARN), "--cluster-arn is %q: set it to that of the auth service, such as arn:aws:eks:eu-central-1:111122223333:cluster/green", t.ClusterARN),
		)
	}
	return fmt.Errorf("--source is %q: set it to %s or %s", t.Source, contract.SourceWebIdentity, contract.SourceEKSAuth)
}

func validClusterARN(text string) bool {
	parsed, err := arn.Parse(text)
	return err == nil && parsed.Service == "eks" && parsed.AccountID != "" && strings.HasPrefix(parsed.Resource, "cluster/")
}

// issuerHost is the issuer as IAM names it.
func (t Trust) issuerHost() string { return strings.TrimPrefix(t.Issuer, "https://") }

// isAmazons reports whether the auth service is Amazon's own.
func (t Trust) isAmazons() bool { return t.Principal == contract.AuthAudience }

// principal is the auth service.
func (t Trust) principal() map[string]string {
	if t.isAmazons() {
		return map[string]string{"Service": t.Principal}
	}
	return map[string]string{"AWS": t.Principal}
}
