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

	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/webhook/config"
)

// documents are those of a file of manifests/base.
func documents(t *testing.T, file string) [][]byte {
	t.Helper()
	text, err := os.ReadFile("../../manifests/base/" + file)
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

func TestTheRightsAreThoseOfTheManifests(t *testing.T) {
	var rules []rbacv1.PolicyRule
	for _, document := range slices.Concat(documents(t, "rbac.yaml"), documents(t, "rbac-rotation.yaml")) {
		var role rbacv1.ClusterRole
		if err := yaml.Unmarshal(document, &role); err != nil {
			t.Fatal(err)
		}
		rules = append(rules, role.Rules...)
	}
	var known []string
	for _, r := range rights(&cluster.Installation{Namespace: "pod-identity", Config: config.Default()}) {
		for _, verb := range r.verbs {
			known = append(known, verb+" "+r.group+"/"+strings.TrimSuffix(r.resource+"/"+r.subresource, "/")+" "+r.name)
		}
	}
	slices.Sort(known)
	if want := permissions(rules); !slices.Equal(known, want) {
		t.Errorf("the manifests have\n%q\nand check knows\n%q", want, known)
	}
}

func TestThePoliciesAreThoseOfTheManifests(t *testing.T) {
	var names []string
	for _, document := range documents(t, "policies.yaml") {
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
