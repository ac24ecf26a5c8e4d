package certs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applyv1 "k8s.io/client-go/applyconfigurations/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// WebhookConfigurations are the names of MutatingWebhookConfigurations as a BundleTarget: an API server trusts the caBundle of
// each of their webhooks. They are not created, since their webhooks are the manifests'. Where one is missing the others are
// still kept up to date.
type WebhookConfigurations []string

func (w WebhookConfigurations) watched() (client.Object, cache.ByObject) {
	// A watch can be narrowed to one name and not to two: of foreign configurations only the name is kept.
	return &admissionv1.MutatingWebhookConfiguration{}, cache.ByObject{Transform: func(object any) (any, error) {
		configuration, ok := object.(*admissionv1.MutatingWebhookConfiguration)
		if ok && !slices.Contains(w, configuration.Name) {
			return &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: configuration.Name}}, nil
		}
		if ok {
			configuration.ManagedFields = nil
		}
		return object, nil
	}}
}

// read returns those that exist, and an error that is a NotFound where one does not.
func (w WebhookConfigurations) read(ctx context.Context, reader client.Reader) ([]admissionv1.MutatingWebhookConfiguration, error) {
	var found []admissionv1.MutatingWebhookConfiguration
	var missing error
	for _, name := range w {
		var configuration admissionv1.MutatingWebhookConfiguration
		err := reader.Get(ctx, client.ObjectKey{Name: name}, &configuration)
		switch {
		case apierrors.IsNotFound(err):
			missing = errors.Join(missing, fmt.Errorf("MutatingWebhookConfiguration %s is missing, so pods may run without their credentials: apply the manifests again: %w", name, err))
		case err != nil:
			return nil, fmt.Errorf("read MutatingWebhookConfiguration %s: %w", name, err)
		default:
			found = append(found, configuration)
		}
	}
	return found, missing
}

func (w WebhookConfigurations) bundles(ctx context.Context, reader client.Reader) ([][]byte, error) {
	configurations, err := w.read(ctx, reader)
	var all [][]byte
	for _, configuration := range configurations {
		for _, webhook := range configuration.Webhooks {
			all = append(all, webhook.ClientConfig.CABundle)
		}
	}
	return all, err
}

func (w WebhookConfigurations) publish(ctx context.Context, writer client.Client, bundle []byte) error {
	configurations, err := w.read(ctx, writer)
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	for _, configuration := range configurations {
		apply := applyv1.MutatingWebhookConfiguration(configuration.Name)
		for _, webhook := range configuration.Webhooks {
			apply.WithWebhooks(applyv1.MutatingWebhook().WithName(webhook.Name).
				WithClientConfig(applyv1.WebhookClientConfig().WithCABundle(bundle...)))
		}
		if err := writer.Apply(ctx, apply, client.FieldOwner(contract.FieldManager), client.ForceOwnership); err != nil {
			return fmt.Errorf("publish the CA in MutatingWebhookConfiguration %s: %w", configuration.Name, err)
		}
	}
	return nil
}
