package trustpolicy_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/plugin/trustpolicy"
)

func randomAssociationsOf(seed uint64) []v1alpha1.PodIdentityAssociation {
	return randomAssociations(rand.New(rand.NewPCG(seed, 0)))
}

// fromTerraform undoes what HCL makes of the text.
func fromTerraform(text string) string {
	_, text, _ = strings.Cut(text, "jsonencode(")
	text = text[:strings.LastIndex(text, ")")]
	return strings.NewReplacer("$${", "${", "%%{", "%{").Replace(text)
}

func fromCloudFormation(text string) string {
	var template struct {
		Resources map[string]struct {
			Properties struct{ AssumeRolePolicyDocument json.RawMessage }
		}
	}
	if err := yaml.Unmarshal([]byte(text), &template); err != nil {
		return err.Error()
	}
	for _, resource := range template.Resources {
		return string(resource.Properties.AssumeRolePolicyDocument)
	}
	return ""
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	written, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

func TestEachMistakeOfATrustIsNamedWithItsRemedy(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*trustpolicy.Trust)
		says   string
	}{
		"an issuer that AWS does not take": {func(t *trustpolicy.Trust) { t.Issuer = "http://example.com" }, "--issuer"},
		"an issuer with a query":           {func(t *trustpolicy.Trust) { t.Issuer = "https://example.com?a" }, "--issuer"},
		"no audience":                      {func(t *trustpolicy.Trust) { t.Audience = "" }, "--audience is empty"},
		"a principal, which nobody reads":  {func(t *trustpolicy.Trust) { t.Principal = service }, "have no effect"},
		"a source that does not exist":     {func(t *trustpolicy.Trust) { t.Source = "irsa" }, "web-identity or eks-auth"},
		"no principal of the auth service": {func(t *trustpolicy.Trust) { *t = authService(); t.Principal = "auth" }, "--principal is"},
		"a cluster without an account": {func(t *trustpolicy.Trust) {
			*t = authService()
			t.ClusterARN = "arn:aws:eks:eu-central-1::cluster/green"
		}, "--cluster-arn is"},
		"a cluster that is the ARN of a role":      {func(t *trustpolicy.Trust) { *t = authService(); t.ClusterARN = service }, "--cluster-arn is"},
		"both of the auth service, at once, first": {func(t *trustpolicy.Trust) { *t = authService(); t.ClusterARN, t.Principal = "", "" }, "--cluster-arn is"},
		"both of the auth service, at once, last":  {func(t *trustpolicy.Trust) { *t = authService(); t.ClusterARN, t.Principal = "", "" }, "--principal is"},
	} {
		t.Run(name, func(t *testing.T) {
			trust := webIdentity()
			test.change(&trust)
			if err := trust.Validate(); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, trust := range []trustpolicy.Trust{webIdentity(), authService()} {
		if err := trust.Validate(); err != nil {
			t.Error(err)
		}
	}
}
