package certs

import (
	"bytes"
	"context"
	"crypto/x509"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Trust is what the callers of a server learn by which CAs to trust, in objects of the cluster: WebhookConfigurations or a
// ConfigMap.
type Trust interface {
	// watched is an object of the kind, and what narrows a cache to what is needed of it.
	watched() (client.Object, cache.ByObject)
	// bundles is what the live objects have, one for each place that shall have the bundle. An error that is a NotFound means
	// that somebody else must create an object first; beside it come the bundles of those that exist.
	bundles(ctx context.Context, reader client.Reader) ([][]byte, error)
	// publish writes the bundle into every place, and nothing else: by server-side apply, so that the field is ours and
	// tools that manage the rest see no difference.
	publish(ctx context.Context, writer client.Client, bundle []byte) error
}

// ourCAs are the authorities of ours that some place of the live objects has and that have not expired. They stay
// trusted though the Secret no longer knows them: after it was deleted, replicas still serve what the last one signed.
func ourCAs(live [][]byte, now time.Time) []*x509.Certificate {
	var ours []*x509.Certificate
	for _, bundle := range live {
		for _, certificate := range decodeCertificates(bundle) {
			if certificate.IsCA && strings.HasPrefix(certificate.Subject.CommonName, commonName) && now.Before(certificate.NotAfter) {
				ours = append(ours, certificate)
			}
		}
	}
	return ours
}

// trusts tells whether every place of the live objects has just this bundle.
func trusts(live [][]byte, bundle []byte) bool {
	for _, has := range live {
		if !bytes.Equal(has, bundle) {
			return false
		}
	}
	return len(live) > 0
}
