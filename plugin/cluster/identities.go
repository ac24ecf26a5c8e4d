// Package cluster reads what the commands of the plugin ask about.
package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

// pageSize is how many objects one request lists: half of what kubectl does, because a page of pods is what most of the memory is for.
const pageSize = 250

// Identities are what the webhook has in memory: which identity each service account has.
type Identities struct {
	Index *association.Index
	// Associations are all of the cluster, by name.
	Associations map[string]*v1alpha1.PodIdentityAssociation
	// Unusable is what is wrong with those that give no identity.
	Unusable map[string]error
	// Accounts are the service accounts that exist.
	Accounts []association.ServiceAccount
}

// ReadIdentities reads the associations, and the service accounts of a namespace, or of all where it is "". Counted is which annotations of
// service accounts give roles.
func ReadIdentities(ctx context.Context, c client.Reader, namespace string, counted association.Annotations) (*Identities, error) {
	read := &Identities{
		Index: association.NewIndex(), Associations: map[string]*v1alpha1.PodIdentityAssociation{}, Unusable: map[string]error{},
	}
	var page v1alpha1.PodIdentityAssociationList
	err := eachPage(ctx, c, &page, func() {
		for i := range page.Items {
			page.Items[i].ManagedFields = nil // half of an association, and of no use here
			read.add(page.Items[i].DeepCopy())
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list the associations: %w", err)
	}
	var accounts metav1.PartialObjectMetadataList
	accounts.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ServiceAccountList"))
	err = eachPage(ctx, c, &accounts, func() {
		for i := range accounts.Items {
			account := association.ServiceAccount{Namespace: accounts.Items[i].Namespace, Name: accounts.Items[i].Name}
			read.Accounts = append(read.Accounts, account)
			read.Index.SetAnnotations(account, accounts.Items[i].Annotations, accounts.Items[i].UID, counted)
		}
	}, client.InNamespace(namespace))
	if err != nil {
		return nil, fmt.Errorf("list the service accounts: %w", err)
	}
	return read, read.readBounds(ctx, c, namespace)
}

// readBounds reads those of one namespace, or of all.
func (r *Identities) readBounds(ctx context.Context, c client.Reader, namespace string) error {
	if namespace != "" {
		var found metav1.PartialObjectMetadata
		found.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		if err := c.Get(ctx, client.ObjectKey{Name: namespace}, &found); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("read namespace %s: %w", namespace, err)
		}
		r.Index.SetBounds(namespace, found.Annotations, found.UID)
		return nil
	}
	var namespaces metav1.PartialObjectMetadataList
	namespaces.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
	err := eachPage(ctx, c, &namespaces, func() {
		for i := range namespaces.Items {
			r.Index.SetBounds(namespaces.Items[i].Name, namespaces.Items[i].Annotations, namespaces.Items[i].UID)
		}
	})
	if err != nil {
		return fmt.Errorf("list the namespaces: %w", err)
	}
	return nil
}

func (r *Identities) add(a *v1alpha1.PodIdentityAssociation) {
	r.Associations[a.Name] = a
	if err := r.Index.Set(a); err != nil {
		r.Unusable[a.Name] = err
	}
}

// eachPage lists in pages, and calls visit with each.
func eachPage(ctx context.Context, c client.Reader, page client.ObjectList, visit func(), options ...client.ListOption) error {
	for token := ""; ; {
		if err := c.List(ctx, page, append([]client.ListOption{client.Limit(pageSize), client.Continue(token)}, options...)...); err != nil {
			return err
		}
		visit()
		if token = page.GetContinue(); token == "" {
			return nil
		}
	}
}
