package attack_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// As many as the product is made for, see suite scale.
const (
	associations = 10_000
	injectedPods = 5_000
)

// fill takes the memory that the webhook and the auth service have on a full cluster.
func (s *suite) fill(t *testing.T) {
	t.Helper()
	config, err := s.Cluster.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	objects := client.Resource(schema.GroupVersionResource{Group: "podidentity.dev", Version: "v1alpha1", Resource: "podidentityassociations"})
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	for i := range associations {
		group.Go(func() error {
			_, err := objects.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "podidentity.dev/v1alpha1", "kind": "PodIdentityAssociation",
				"metadata": map[string]any{"name": fmt.Sprint("account-", i)},
				"spec": map[string]any{
					"namespace": "attacked", "serviceAccount": fmt.Sprint("account-", i), "roleARN": "arn:aws:iam::111122223333:role/pods/attacked",
				},
			}}, metav1.CreateOptions{})
			return err
		})
	}
	for i := range injectedPods {
		group.Go(func() error { return s.createAttacked(ctx, fmt.Sprint("pod-", i)) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// createAttacked creates a pod in the namespace of the attacker, which no node gets.
func (s *suite) createAttacked(ctx context.Context, name string) error {
	created, err := s.kube.CoreV1().Pods("attacked").Create(ctx, unscheduled(name), metav1.CreateOptions{})
	if err == nil && !isInjected(created) {
		err = errors.New("a pod was admitted without its sidecar")
	}
	return err
}
