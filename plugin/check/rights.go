package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// right is something that a service account of the product must be allowed. In the namespace of the product where namespaced is set.
type right struct {
	group, resource, subresource, name string
	namespaced                         bool
	verbs                              []string
}

// actor is a service account of the product, and what it must be allowed.
type actor struct {
	title, account string
	rights         []right
}

func actors(i *cluster.Installation) []actor {
	all := []actor{{"the webhook", cluster.PrimaryDeployment, webhookRights(i)}}
	if i.Config.Injection.NeedsAuthCA() {
		all = append(all, actor{"the auth service", cluster.AuthDeployment, authRights()})
	}
	return all
}

// authRights are those of manifests/auth in the whole cluster. What lacks in the namespace of the product shows in the CA that is not published.
func authRights() []right {
	watch := []string{"list", "watch"}
	return []right{
		{group: "podidentity.dev", resource: "podidentityassociations", verbs: watch},
		{group: "apiextensions.k8s.io", resource: "customresourcedefinitions", name: association.DefinitionName, verbs: []string{"get"}},
		{resource: "serviceaccounts", verbs: watch},
		{resource: "namespaces", verbs: watch},
		{resource: "pods", verbs: []string{"get"}},
		{group: "authentication.k8s.io", resource: "tokenreviews", verbs: []string{"create"}},
	}
}

// webhookRights are those of the manifests, as far as the settings need them. A test compares them.
func webhookRights(i *cluster.Installation) []right {
	watch := []string{"list", "watch"}
	all := []right{
		{group: "podidentity.dev", resource: "podidentityassociations", verbs: watch},
		{group: "podidentity.dev", resource: "podidentityassociations", subresource: "status", verbs: []string{"patch"}},
		{group: "apiextensions.k8s.io", resource: "customresourcedefinitions", name: association.DefinitionName, verbs: []string{"get"}},
		{resource: "serviceaccounts", verbs: watch},
		{resource: "limitranges", verbs: watch},
		{resource: "resourcequotas", verbs: watch},
		{resource: "pods", verbs: []string{"list", "watch", "patch"}},
		{resource: "namespaces", verbs: watch},
		{resource: "events", verbs: watch},
		{group: "events.k8s.io", resource: "events", verbs: []string{"create"}},
		{group: "coordination.k8s.io", resource: "leases", namespaced: true, verbs: []string{"create"}},
		{group: "coordination.k8s.io", resource: "leases", name: i.Config.Lease, namespaced: true, verbs: []string{"get", "update"}},
	}
	if i.Config.Injection.NeedsAuthCA() {
		all = append(all, right{resource: "configmaps", name: contract.AuthCAConfigMap, namespaced: true, verbs: watch})
	}
	if i.Config.CertificateDir == "" {
		all = append(all,
			right{group: "admissionregistration.k8s.io", resource: "mutatingwebhookconfigurations", verbs: watch},
			right{resource: "secrets", namespaced: true, verbs: []string{"create"}},
			right{resource: "secrets", name: i.Config.CASecret, namespaced: true, verbs: []string{"list", "watch", "update"}},
		)
		for _, name := range i.Config.Webhooks {
			all = append(all, right{group: "admissionregistration.k8s.io", resource: "mutatingwebhookconfigurations", name: name, verbs: []string{"patch"}})
		}
	}
	return all
}

// String is the right as kubectl auth can-i takes it.
func (r right) String() string {
	text := strings.Join(r.verbs, ",") + " " + r.resource
	if r.group != "" {
		text += "." + r.group
	}
	if r.name != "" {
		text += "/" + r.name
	}
	if r.subresource != "" {
		text += " --subresource=" + r.subresource
	}
	return text
}

// reviewersAtOnce bounds the requests that wait for an answer.
const reviewersAtOnce = 8

// missingRights asks the API server which of its rights the actor lacks.
func missingRights(ctx context.Context, c client.Client, namespace string, of actor) ([]right, error) {
	missing := slices.Clone(of.rights)
	denied := make([][]string, len(missing))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reviewersAtOnce)
	for n, r := range missing {
		group.Go(func() error {
			for _, verb := range r.verbs {
				allowed, err := allows(ctx, c, namespace, of.account, r, verb)
				if err != nil {
					return fmt.Errorf("ask what %s may do: %w", of.title, err)
				}
				if !allowed {
					denied[n] = append(denied[n], verb)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for n := range missing {
		missing[n].verbs = denied[n]
	}
	return slices.DeleteFunc(missing, func(r right) bool { return len(r.verbs) == 0 }), nil
}

func allows(ctx context.Context, c client.Client, namespace, account string, r right, verb string) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:   "system:serviceaccount:" + namespace + ":" + account,
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: verb, Group: r.group, Resource: r.resource, Subresource: r.subresource, Name: r.name,
		},
	}}
	if r.namespaced {
		review.Spec.ResourceAttributes.Namespace = namespace
	}
	err := c.Create(ctx, review)
	return review.Status.Allowed, err
}

// rightFindings are about what the actor may not do and should.
func rightFindings(title string, missing []right, namespace string) []Finding {
	const check = "rights"
	var all []Finding
	for _, r := range missing {
		where := ""
		if r.namespaced {
			where = " in namespace " + namespace
		}
		all = append(all, wrong(check, applyAgain, "%s may not %s%s", title, r, where))
	}
	return settled(all, ok(check, "%s may do all that it does", title))
}
