// Package rbac_test holds that the product may do what it does, and nothing else.
package rbac_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
)

// right is one thing that a rule allows; an empty name or namespace is any.
type right struct {
	group, resource, verb, namespace, name string
}

func (r right) String() string {
	where := ""
	if r.namespace != "" {
		where = " in namespace " + r.namespace
	}
	if r.name != "" {
		where += " of the name " + r.name
	}
	return fmt.Sprintf("%s %s%s", r.verb, strings.TrimSuffix(r.resource+"."+r.group, "."), where)
}

// allows tells whether it was by this right that the request was allowed.
func (r right) allows(request cluster.Request) bool {
	o := request.ObjectRef
	if o.APIGroup != r.group || strings.TrimSuffix(o.Resource+"/"+o.Subresource, "/") != r.resource {
		return false
	}
	// A client lists only where the API server cannot stream a list by a watch, as older ones cannot.
	verb := request.Verb == r.verb || request.Verb == "watch" && r.verb == "list"
	return verb && (r.namespace == "" || r.namespace == o.Namespace) && (r.name == "" || r.name == o.Name)
}

func TestTheProductHasNoRightThatItDoesNotUse(t *testing.T) {
	p := platform.ForTest(t, "rights")
	doEverything(t, p)
	requests, err := p.Cluster.Audit()
	if err != nil {
		t.Fatal(err)
	}
	for _, right := range rights(t, p) {
		used := 0
		for _, request := range requests {
			if right.allows(request) {
				used++
			}
		}
		t.Logf("%5d times: %s", used, right)
		if used == 0 {
			t.Errorf("the right to %s was not used: remove it from manifests/base", right)
		}
	}
	for _, request := range requests {
		if request.ResponseStatus.Code == http.StatusForbidden {
			t.Errorf("%s %s was forbidden", request.Verb, request.RequestURI)
		}
	}
}

// rights are all that service accounts of the product have been given.
func rights(t *testing.T, p *platform.Platform) []right {
	t.Helper()
	var everywhere rbacv1.ClusterRoleBindingList
	read(t, p, &everywhere, "clusterrolebindings")
	var all []right
	for _, binding := range everywhere.Items {
		if ours(binding.Subjects) {
			var role rbacv1.ClusterRole
			read(t, p, &role, "clusterrole", binding.RoleRef.Name)
			all = append(all, each(role.Rules, "")...)
		}
	}
	var namespaced rbacv1.RoleBindingList
	read(t, p, &namespaced, "rolebindings", "--all-namespaces")
	for _, binding := range namespaced.Items {
		if ours(binding.Subjects) {
			var role rbacv1.Role
			read(t, p, &role, "role", "--namespace="+binding.Namespace, binding.RoleRef.Name)
			all = append(all, each(role.Rules, binding.Namespace)...)
		}
	}
	return all
}

func ours(subjects []rbacv1.Subject) bool {
	return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
		return s.Kind == rbacv1.ServiceAccountKind && s.Namespace == "pod-identity"
	})
}

func read(t *testing.T, p *platform.Platform, into any, what ...string) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.Do(t, append([]string{"get", "--output=json"}, what...)...)), into); err != nil {
		t.Fatal(err)
	}
}

func each(rules []rbacv1.PolicyRule, namespace string) []right {
	var all []right
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, right{group: group, resource: resource, verb: verb, namespace: namespace, name: name})
					}
				}
			}
		}
	}
	return all
}
