package platform

import (
	"context"
	"errors"
	"fmt"
)

// Diagnose collects what a person would look at first after a failure: components that have ended, pods that are not
// well, and the product's own log. It is an error, to be joined to the one that it explains.
func (p *Platform) Diagnose(ctx context.Context) error {
	ended, err := p.Cluster.Diagnose()
	report := []error{err}
	if ended != "" {
		report = append(report, errors.New(ended))
	}
	for _, look := range [][]string{
		{"get", "pods", "--all-namespaces", "--output=wide"},
		{"get", "events", "--all-namespaces", "--field-selector=type!=Normal", "--sort-by=.lastTimestamp"},
		{"logs", "--namespace=pod-identity", "--selector=app.kubernetes.io/part-of=pod-identity", "--prefix", "--tail=20"},
		{"logs", "--namespace=eks-s3-example-auth", "--selector=podidentity.dev/injected=true", "--container=pod-identity", "--prefix", "--tail=20"},
		{"logs", "--namespace=eks-s3-example", "--selector=podidentity.dev/injected=true", "--container=pod-identity", "--prefix", "--tail=20"},
	} {
		seen, err := p.Cluster.Kubectl(ctx, nil, look...)
		report = append(report, err, fmt.Errorf("kubectl %v:\n%s", look, seen))
	}
	return errors.Join(report...)
}
