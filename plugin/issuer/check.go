package issuer

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cli"
)

func (c commands) check(ctx context.Context) error {
	cluster, err := c.cluster(ctx)
	if err != nil {
		return err
	}
	published, err := issuer.Published(ctx, c.client, cluster.Discovery.Issuer)
	if err != nil {
		return fmt.Errorf("%w; AWS STS cannot read it either, unless your network alone cannot", err)
	}
	comparison := issuer.Compare(cluster, published)
	if err := report(c.streams.Out, cluster, published, comparison); err != nil {
		return err
	}
	if !comparison.Fits() {
		return cli.WrongError{}
	}
	return nil
}

// report says what is published and how each key fits.
func report(out io.Writer, cluster, published issuer.Publication, c issuer.Comparison) error {
	lines := []string{"issuer: " + c.Issuer, "keys published at: " + published.Discovery.KeysURI}
	for _, id := range cluster.Keys.IDs() {
		if !slices.Contains(c.Unpublished, id) {
			lines = append(lines, fmt.Sprintf("ok: the key %s of the cluster is published", id))
		}
	}
	for _, id := range c.Former {
		lines = append(lines, fmt.Sprintf("ok: the key %s is published as well; remove it when the tokens that it signed have expired", id))
	}
	for _, problem := range c.Problems {
		lines = append(lines, "not ok: "+problem)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
