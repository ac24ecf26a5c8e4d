package preview

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// schema is what preview knows of the schema in a CRD.
type schema struct {
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
	MaxLength   int               `json:"maxLength"`
	MaxItems    int               `json:"maxItems"`
	Items       *schema           `json:"items"`
	Validations []struct {
		Rule    string `json:"rule"`
		Message string `json:"message"`
	} `json:"x-kubernetes-validations"`
}

func TestPreviewRequiresOfAnAssociationWhatTheAPIServerRequires(t *testing.T) {
	spec := readSpec(t)
	required := map[string]string{}
	for field, property := range spec.Properties {
		if field == "tagLabels" {
			continue // TestPreviewRequiresOfLabelsWhatTheAPIServerRequires
		}
		for _, v := range property.Validations {
			// A preview has no older object to compare with.
			if !strings.Contains(v.Rule, "oldSelf") {
				required[field] = fmt.Sprint(v.Rule, property.MaxLength, slices.Contains(spec.Required, field), v.Message)
			}
		}
	}
	known := map[string]string{}
	for _, r := range fieldRules() {
		expression := "self.matches('" + strings.ReplaceAll(r.pattern, `\`, `\\`) + "')"
		if r.field == "sessionDuration" {
			expression += " && duration(self) >= duration('15m') && duration(self) <= duration('12h')"
		}
		known[r.field] = fmt.Sprint(expression, r.maxLength, r.required, r.message)
	}
	for _, v := range spec.Validations {
		if !strings.Contains(v.Rule, "oldSelf") {
			required[v.Rule] = v.Message
		}
	}
	known["!has(self.externalID) || has(self.targetRoleARN)"] = externalIDMessage
	known["!has(self.policy) || (has(self.disableSessionTags) && self.disableSessionTags)"] = policyMessage
	known["!has(self.tagLabels) || !has(self.disableSessionTags) || !self.disableSessionTags"] = tagsDisabledMessage
	if !maps.Equal(required, known) {
		t.Errorf("the CRD requires\n%q\nand preview\n%q", required, known)
	}
}

func TestPreviewRequiresOfLabelsWhatTheAPIServerRequires(t *testing.T) {
	property := readSpec(t).Properties["tagLabels"]
	var required []string
	for _, v := range property.Validations {
		required = append(required, v.Rule, v.Message)
	}
	known := []string{
		"self.all(key, key.matches('" + tagLabelPattern + "'))", tagLabelMessage,
		"self.all(key, !(key.lowerAscii() in ['" + strings.Join(contract.SessionTags(), "', '") + "']))", shadowingMessage,
		"self.all(key, self.exists_one(other, other.lowerAscii() == key.lowerAscii()))", twiceMessage,
	}
	if !slices.Equal(required, known) || property.MaxItems != maxTagLabels || property.Items.MaxLength != maxTagKey {
		t.Errorf("the CRD requires %d of %d, and\n%q\nand preview\n%q", property.MaxItems, property.Items.MaxLength, required, known)
	}
}

func TestAFieldThatIsTooLongIsNamedWithItsLimit(t *testing.T) {
	for _, r := range fieldRules() {
		t.Run(r.field, func(t *testing.T) {
			o := object{}
			o.Object = map[string]any{"spec": map[string]any{r.field: strings.Repeat("é", r.maxLength+1)}}
			want := fmt.Sprintf("spec.%s has more than %d characters: shorten it", r.field, r.maxLength)
			if err := errors.Join(checkSpec(o, v1alpha1.PodIdentityAssociationSpec{})...); !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		})
	}
}

func readSpec(t *testing.T) schema {
	t.Helper()
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPI schema `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	read(t, "../../manifests/base/crd/podidentity.dev_podidentityassociations.yaml", &crd)
	return crd.Spec.Versions[0].Schema.OpenAPI.Properties["spec"]
}

func TestPreviewSkipsThePodsForWhichTheAPIServerDoesNotCallTheWebhook(t *testing.T) {
	var configuration admissionregistrationv1.MutatingWebhookConfiguration
	read(t, "../../manifests/base/webhook.yaml", &configuration)
	for _, webhook := range configuration.Webhooks {
		var namespaces []string
		for _, requirement := range webhook.NamespaceSelector.MatchExpressions {
			if requirement.Key != contract.LabelInject {
				namespaces = append(namespaces, requirement.Values...)
			}
		}
		if !slices.Equal(namespaces, inject.ExcludedNamespaces(contract.Namespace)) {
			t.Errorf("%s excludes %q, preview %q", webhook.Name, namespaces, inject.ExcludedNamespaces(contract.Namespace))
		}
		var conditions []string
		for _, condition := range webhook.MatchConditions {
			conditions = append(conditions, condition.Expression)
		}
		// whyNotCalled says the same in Go.
		known := []string{
			`object.metadata.?annotations[?'podidentity.dev/inject'].orValue('') != 'false'`,
			`!object.metadata.?annotations[?'kubernetes.io/config.mirror'].hasValue()`,
		}
		if !slices.Equal(conditions, known) {
			t.Errorf("%s has the conditions %q; preview knows %q", webhook.Name, conditions, known)
		}
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
