package certs

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	applyv1 "k8s.io/client-go/applyconfigurations/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// ourCAs are the authorities of ours that some entry of the live configuration trusts and that have not expired. They stay
// trusted though the Secret no longer knows them: after it was deleted, replicas still serve what the last one signed.
func ourCAs(configuration *admissionv1.MutatingWebhookConfiguration, now time.Time) []*x509.Certificate {
	var ours []*x509.Certificate
	for _, webhook := range configuration.Webhooks {
		for _, certificate := range decodeCertificates(webhook.ClientConfig.CABundle) {
			if certificate.IsCA && strings.HasPrefix(certificate.Subject.CommonName, commonName) && now.Before(certificate.NotAfter) {
				ours = append(ours, certificate)
			}
		}
	}
	return ours
}

// trusts tells whether every entry of the live configuration has just this bundle.
func trusts(configuration *admissionv1.MutatingWebhookConfiguration, bundle []byte) bool {
	for _, webhook := range configuration.Webhooks {
		if !bytes.Equal(webhook.ClientConfig.CABundle, bundle) {
			return false
		}
	}
	return len(configuration.Webhooks) > 0
}

// publish writes the bundle into every entry of the configuration, and nothing else: by server-side apply, so that the
// field is ours and tools that manage the rest see no difference.
func publish(ctx context.Context, writer client.Client, configuration *admissionv1.MutatingWebhookConfiguration, bundle []byte) error {
	apply := applyv1.MutatingWebhookConfiguration(configuration.Name)
	for _, webhook := range configuration.Webhooks {
		apply.WithWebhooks(applyv1.MutatingWebhook().WithName(webhook.Name).
			WithClientConfig(applyv1.WebhookClientConfig().WithCABundle(bundle...)))
	}
	if err := writer.Apply(ctx, apply, client.FieldOwner(contract.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("publish the CA in MutatingWebhookConfiguration %s: %w", configuration.Name, err)
	}
	return nil
}
