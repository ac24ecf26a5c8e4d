package certs

import (
	"context"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/fields"
	applyv1 "k8s.io/client-go/applyconfigurations/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// WebhookConfiguration is the name of a MutatingWebhookConfiguration as a Trust: API servers trust the caBundle of each of
// its entries. It is not created, since its entries are the manifests'.
type WebhookConfiguration string

func (w WebhookConfiguration) watched() (client.Object, cache.ByObject) {
	return &admissionv1.MutatingWebhookConfiguration{}, cache.ByObject{Field: fields.OneTermEqualSelector("metadata.name", string(w))}
}

func (w WebhookConfiguration) read(ctx context.Context, reader client.Reader) (*admissionv1.MutatingWebhookConfiguration, error) {
	var configuration admissionv1.MutatingWebhookConfiguration
	if err := reader.Get(ctx, client.ObjectKey{Name: string(w)}, &configuration); err != nil {
		return nil, fmt.Errorf("read MutatingWebhookConfiguration %s, without which no pod is injected (where it is missing, apply the manifests again): %w", w, err)
	}
	return &configuration, nil
}

func (w WebhookConfiguration) bundles(ctx context.Context, reader client.Reader) ([][]byte, error) {
	configuration, err := w.read(ctx, reader)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, webhook := range configuration.Webhooks {
		all = append(all, webhook.ClientConfig.CABundle)
	}
	return all, nil
}

func (w WebhookConfiguration) publish(ctx context.Context, writer client.Client, bundle []byte) error {
	configuration, err := w.read(ctx, writer)
	if err != nil {
		return err
	}
	apply := applyv1.MutatingWebhookConfiguration(string(w))
	for _, webhook := range configuration.Webhooks {
		apply.WithWebhooks(applyv1.MutatingWebhook().WithName(webhook.Name).
			WithClientConfig(applyv1.WebhookClientConfig().WithCABundle(bundle...)))
	}
	if err := writer.Apply(ctx, apply, client.FieldOwner(contract.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("publish the CA in MutatingWebhookConfiguration %s: %w", w, err)
	}
	return nil
}
