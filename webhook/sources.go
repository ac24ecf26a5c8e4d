package main

import (
	"context"
	"maps"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/webhook/authca"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/inject"
	"github.com/podidentity/podidentity/webhook/resourcerules"
)

// sources are what admissions depend on besides the pod. Every replica has them in memory.
type sources struct {
	identities   *association.Index
	associations association.List
	// authCA is the CA bundle of the auth service, always empty where pods do not use one.
	authCA func() string
	// rules are what the LimitRanges and ResourceQuotas of a namespace demand.
	rules func(namespace string) inject.Rules
	// synced reports whether all objects that exist have been seen.
	synced func() bool
}

// watched narrows the cache of every replica to what is used.
func watched(c config.Config, rotation certs.Config) map[client.Object]cache.ByObject {
	all := association.Watched()
	maps.Copy(all, resourcerules.Watched())
	maps.Copy(all, association.WatchedRoles())
	if c.CertificateDir == "" {
		maps.Copy(all, certs.Watched(rotation))
	}
	if c.Injection.NeedsAuthCA() {
		maps.Copy(all, authca.Watched(c.Namespace))
	}
	return all
}

// watchSources follows the associations, the roles that service accounts name, LimitRanges and ResourceQuotas, and where pods use one, the CA
// bundle of the auth service.
func watchSources(ctx context.Context, informers cache.Informers, c config.Config, definition *association.Definition, changes *association.Changes, log logrus.FieldLogger) (sources, error) {
	index, associationsRead, err := association.Watch(ctx, informers, definition, changes, log)
	if err != nil {
		return sources{}, err
	}
	associations, err := association.Stored(ctx, informers)
	if err != nil {
		return sources{}, err
	}
	rules, rulesRead, err := resourcerules.Watch(ctx, informers)
	if err != nil {
		return sources{}, err
	}
	roles, err := association.WatchRoles(ctx, informers, index, c.Annotations(), changes, log)
	if err != nil {
		return sources{}, err
	}
	s := sources{
		identities: index, associations: associations, authCA: func() string { return "" }, rules: rules.Rules, synced: both(both(associationsRead, rulesRead), roles),
	}
	if c.Injection.NeedsAuthCA() {
		bundle, read, err := authca.Watch(ctx, informers, changes, log)
		if err != nil {
			return sources{}, err
		}
		s.authCA, s.synced = bundle, both(s.synced, read)
	}
	return s, nil
}

func both(one, other func() bool) func() bool {
	return func() bool { return one() && other() }
}
