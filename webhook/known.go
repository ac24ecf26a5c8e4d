package main

import (
	"context"
	"maps"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/webhook/authority"
	"github.com/podidentity/podidentity/webhook/config"
)

// known is what every replica knows of the cluster, from memory.
type known struct {
	identities *association.Index
	// authCA are the authorities of the auth service, always empty where pods do not ask one.
	authCA func() string
	// synced tells whether all that there is has been seen.
	synced func() bool
}

// watched is what every replica watches.
func watched(c config.Config, rotation certs.Config) map[client.Object]cache.ByObject {
	all := association.Watched()
	maps.Copy(all, association.WatchedRoles())
	if c.CertificateDir == "" {
		maps.Copy(all, certs.Watched(rotation))
	}
	if c.Injection.NeedsAuthCA() {
		maps.Copy(all, authority.Watched(c.Namespace))
	}
	return all
}

// watch follows all sources of identities, and the authorities of the auth service where pods ask one.
func watch(ctx context.Context, informers cache.Informers, c config.Config, changes *association.Changes, log logrus.FieldLogger) (known, error) {
	index, associations, err := association.Watch(ctx, informers, changes, log)
	if err != nil {
		return known{}, err
	}
	k := known{identities: index, authCA: func() string { return "" }, synced: associations}
	if c.IRSA {
		roles, err := association.WatchRoles(ctx, informers, index, changes, log)
		if err != nil {
			return known{}, err
		}
		k.synced = both(k.synced, roles)
	}
	if c.Injection.NeedsAuthCA() {
		bundle, read, err := authority.Watch(ctx, informers, changes, log)
		if err != nil {
			return known{}, err
		}
		k.authCA, k.synced = bundle, both(k.synced, read)
	}
	return k, nil
}

func both(one, other func() bool) func() bool {
	return func() bool { return one() && other() }
}
