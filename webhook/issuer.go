package main

import (
	"context"

	"k8s.io/client-go/rest"

	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/webhook/config"
)

// issuerComparison compares the keys of the API server with what is published at its issuer; nil where that is not watched.
func issuerComparison(c config.Config, kubernetes *rest.Config) func(context.Context) (issuer.Comparison, error) {
	if !c.WatchIssuer {
		return nil
	}
	published := issuer.NewClient(issuer.ByTCP())
	return func(ctx context.Context) (issuer.Comparison, error) { return issuer.Look(ctx, kubernetes, published) }
}
