// Package rbac_test proves that the product uses every permission that it has, and needs no other.
package rbac_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
)

// permission is one thing that a rule allows; an empty name or namespace is any.
type permission struct {
	group, resource, verb, namespace, name string
}

func (p permission) String() string {
	where := ""
	if p.namespace != "" {
		where = " in namespace " + p.namespace
	}
	if p.name != "" {
		where += " of the name " + p.name
	}
	return fmt.Sprintf("%s %s%s", p.verb, strings.TrimSuffix(p.resource+"."+p.group, "."), where)
}

// allows reports whether it was by this permission that the request was allowed.
func (p permission) allows(request cluster.Request) bool {
	o := request.ObjectRef
	if o.APIGroup != p.group || strings.TrimSuffix(o.Resource+"/"+o.Subresource, "/") != p.resource {
		return false
	}
	// A client lists only where the API server cannot stream a list by a watch, as older ones cannot.
	verb := request.Verb == p.verb || request.Verb == "watch" && p.verb == "list"
	return verb && (p.namespace == "" || p.namespace == o.Namespace) && (p.name == "" || p.name == o.Name)
}

func TestTheProductHasNoPermissionThatItDoesNotUse(t *testing.T) {
	p := platform.ForTest(t, "rbac")
	doEverything(t, p)
	var requests []cluster.Request
	var used map[permission]int
	all := permissions(t, p)
	// Events are written after what they tell of.
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, time.Minute, true, func(context.Context) (_ bool, err error) {
		requests, err = p.Cluster.Audit()
		used = count(all, requests)
		return !slices.ContainsFunc(all, func(granted permission) bool { return used[granted] == 0 }), err
	})
	if err != nil && !wait.Interrupted(err) {
		t.Fatal(err)
	}
	for _, granted := range all {
		t.Logf("%5d times: %s", used[granted], granted)
		if used[granted] == 0 {
			t.Errorf("the permission to %s was not used: remove it from manifests/base", granted)
		}
	}
	for _, request := range requests {
		if request.ResponseStatus.Code == http.StatusForbidden {
			t.Errorf("%s %s was forbidden", request.Verb, request.RequestURI)
		}
	}
}

// count is by how many requests each permission was used.
func count(all []permission, requests []cluster.Request) map[permission]int {
	used := map[permission]int{}
	for _, granted := range all {
		for _, request := range requests {
			if granted.allows(request) {
				used[granted]++
			}
		}
	}
	return used
}

// permissions are all that service accounts of the product have been given.
func permissions(t *testing.T, p *platform.Platform) []permission {
	t.Helper()
	var everywhere rbacv1.ClusterRoleBindingList
	read(t, p, &everywhere, "clusterrolebindings")
	var all []permission
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

func each(rules []rbacv1.PolicyRule, namespace string) []permission {
	var all []permission
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, permission{group: group, resource: resource, verb: verb, namespace: namespace, name: name})
					}
				}
			}
		}
	}
	return all
}
