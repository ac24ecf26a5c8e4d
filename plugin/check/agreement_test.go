package check

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/webhook/config"
)

// documents are those of a file of manifests.
func documents(t *testing.T, file string) [][]byte {
	t.Helper()
	text, err := os.ReadFile("../../manifests/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(text, []byte("\n---\n"))
}

// permissions are each VERB GROUP/RESOURCE[/SUBRESOURCE] NAME that the rules allow.
func permissions(rules []rbacv1.PolicyRule) []string {
	var all []string
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, verb+" "+group+"/"+resource+" "+name)
					}
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// rulesOf are those of the roles that are chosen.
func rulesOf(t *testing.T, documents [][]byte, chosen func(role rbacv1.ClusterRole) bool) []rbacv1.PolicyRule {
	t.Helper()
	var rules []rbacv1.PolicyRule
	for _, document := range documents {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal(document, &role); err != nil {
			t.Fatal(err)
		}
		if chosen(role) {
			rules = append(rules, role.Rules...)
		}
	}
	return rules
}

func TestTheRightsAreThoseOfTheManifests(t *testing.T) {
	own, auth := slices.Concat(documents(t, "base/rbac.yaml"), documents(t, "base/rbac-rotation.yaml")), documents(t, "auth/rbac.yaml")
	withAuth := config.Default()
	withAuth.Injection.Source, withAuth.Injection.EKSAuthEndpoint = contract.SourceEKSAuth, "https://pod-identity-auth.pod-identity.svc"
	ofWebhook := func(role rbacv1.ClusterRole) bool { return strings.HasPrefix(role.Name, cluster.PrimaryDeployment) }
	ofAuth := func(role rbacv1.ClusterRole) bool {
		return role.Name == cluster.AuthDeployment && role.Kind == "ClusterRole"
	}
	for title, test := range map[string]struct {
		rights []right
		rules  []rbacv1.PolicyRule
	}{
		"the webhook":                       {webhookRights(&cluster.Installation{Config: config.Default()}), rulesOf(t, own, ofWebhook)},
		"the webhook with the auth service": {webhookRights(&cluster.Installation{Config: withAuth}), rulesOf(t, slices.Concat(own, auth), ofWebhook)},
		"the auth service":                  {authRights(), rulesOf(t, auth, ofAuth)},
	} {
		var known []string
		for _, r := range test.rights {
			for _, verb := range r.verbs {
				known = append(known, verb+" "+r.group+"/"+strings.TrimSuffix(r.resource+"/"+r.subresource, "/")+" "+r.name)
			}
		}
		slices.Sort(known)
		if want := permissions(test.rules); !slices.Equal(known, want) {
			t.Errorf("of %s the manifests have\n%q\nand check knows\n%q", title, want, known)
		}
	}
}

func TestThePoliciesAreThoseOfTheManifests(t *testing.T) {
	var names []string
	for _, document := range documents(t, "base/policies.yaml") {
		var object struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := utilyaml.Unmarshal(document, &object); err != nil {
			t.Fatal(err)
		}
		if object.Kind == "ValidatingAdmissionPolicy" {
			names = append(names, object.Metadata.Name)
		}
	}
	if !slices.Equal(names, policies()) {
		t.Errorf("the manifests have %q, check knows %q", names, policies())
	}
}

func TestTheEntriesAreThoseOfTheManifests(t *testing.T) {
	for name, configuration := range installed(t).Configurations {
		if len(configuration.Webhooks) != len(entriesOf()[name]) {
			t.Errorf("%s has %d entries, check knows %d", name, len(configuration.Webhooks), len(entriesOf()[name]))
		}
	}
}
