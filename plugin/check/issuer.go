package check

import (
	"context"

	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// issuer looks at what is published at the issuer, where the installation is told that it is public.
func (l looker) issuer(ctx context.Context, i *cluster.Installation) []Finding {
	if !i.Config.WatchIssuer {
		return nil
	}
	return issuerFindings(l.published(ctx))
}

// issuerFindings are about what is published. That this machine cannot read it may be its network's fault.
func issuerFindings(c issuer.Comparison, err error) []Finding {
	const check, remedy = "issuer", "kubectl pod-identity issuer, and docs/kubectl.md#the-issuer"
	if err != nil {
		finding := unknown(check, err)
		finding.Remedy = remedy
		return []Finding{finding}
	}
	var findings []Finding
	for _, problem := range c.Problems {
		findings = append(findings, wrong(check, remedy, "STS refuses tokens: %s", problem))
	}
	return settled(findings, ok(check, "every key of the cluster is published at %s", c.Issuer))
}
