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

// BundleTarget is where the CA bundle is published, so that the callers of a server trust it: WebhookConfigurations or a
// ConfigMap.
type BundleTarget interface {
	// watched is an object of the kind, and the options that narrow a cache to what is needed of it.
	watched() (client.Object, cache.ByObject)
	// bundles are those that the live objects have, one for each field that shall have the bundle. An error that is a NotFound
	// means that somebody else must create an object first; beside it come the bundles of the objects that exist.
	bundles(ctx context.Context, reader client.Reader) ([][]byte, error)
	// publish writes the bundle into every such field, and nothing else: by server-side apply, so that the field is ours and
	// tools that manage the rest see no difference.
	publish(ctx context.Context, writer client.Client, bundle []byte) error
}

// publishedCAs are the CAs of ours in the live bundles that have not expired. They stay trusted though the Secret no longer
// has them: after it was deleted, replicas still serve leaves of the one it held.
func publishedCAs(live [][]byte, now time.Time) []*x509.Certificate {
	var cas []*x509.Certificate
	for _, bundle := range live {
		for _, certificate := range decodeCertificates(bundle) {
			if certificate.IsCA && strings.HasPrefix(certificate.Subject.CommonName, commonNamePrefix) && now.Before(certificate.NotAfter) {
				cas = append(cas, certificate)
			}
		}
	}
	return cas
}

// isPublished reports whether every live bundle is this one.
func isPublished(live [][]byte, bundle []byte) bool {
	for _, other := range live {
		if !bytes.Equal(other, bundle) {
			return false
		}
	}
	return len(live) > 0
}
