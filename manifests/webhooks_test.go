package manifests_test

import (
	"slices"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/admission"
	"github.com/podidentity/podidentity/webhook/inject"
)

// both are the configurations of the base: that of the primary, then that of the standby.
func both(t *testing.T) []admissionregistrationv1.MutatingWebhookConfiguration {
	return []admissionregistrationv1.MutatingWebhookConfiguration{
		base[admissionregistrationv1.MutatingWebhookConfiguration](t, "webhook.yaml", "MutatingWebhookConfiguration"),
		base[admissionregistrationv1.MutatingWebhookConfiguration](t, "webhook-standby.yaml", "MutatingWebhookConfiguration"),
	}
}

func TestTheAPIServerCallsTheHandlersThatAreServed(t *testing.T) {
	c := parse(t)
	for i, modes := range []map[string]string{
		{"enabled.podidentity.dev": contract.InjectEnabled, "associated.podidentity.dev": contract.InjectAssociated, "unknown.podidentity.dev": admission.Unknown},
		{"enabled.standby.podidentity.dev": contract.InjectEnabled, "associated.standby.podidentity.dev": contract.InjectAssociated},
	} {
		configuration := both(t)[i]
		if configuration.Name != c.Webhooks[i] {
			t.Errorf("the configuration is named %s, the CA is published in %s", configuration.Name, c.Webhooks[i])
		}
		for _, webhook := range configuration.Webhooks {
			mode, known := modes[webhook.Name]
			if !known {
				t.Fatalf("there is no handler for %s", webhook.Name)
			}
			delete(modes, webhook.Name)
			service := webhook.ClientConfig.Service
			if *service.Path != admission.Path(mode) || service.Name != c.Services[i] || service.Namespace != c.Namespace {
				t.Errorf("%s calls %v", webhook.Name, service)
			}
			if webhook.ClientConfig.CABundle != nil {
				t.Errorf("%s has a caBundle, which GitOps tools and the webhook would overwrite in turn", webhook.Name)
			}
		}
		if len(modes) != 0 {
			t.Errorf("nothing calls the handlers for %v", modes)
		}
	}
}

// API servers call webhooks in the order of their configurations' names (k8s.io/apiserver, configuration.mergeMutatingWebhookConfigurations).
func TestTheStandbyIsCalledAfterThePrimaryAndFailsClosed(t *testing.T) {
	primary, standby := both(t)[0], both(t)[1]
	if primary.Name >= standby.Name {
		t.Errorf("%s is not called before %s", primary.Name, standby.Name)
	}
	for _, webhook := range primary.Webhooks {
		if *webhook.FailurePolicy != admissionregistrationv1.Ignore {
			t.Errorf("%s refuses what the standby could admit", webhook.Name)
		}
	}
	for i, webhook := range standby.Webhooks {
		first := primary.Webhooks[i]
		if *webhook.FailurePolicy != admissionregistrationv1.Fail {
			t.Errorf("%s admits pods that no webhook has answered for", webhook.Name)
		}
		if !equality.Semantic.DeepEqual(webhook.NamespaceSelector, first.NamespaceSelector) || !equality.Semantic.DeepEqual(webhook.Rules, first.Rules) {
			t.Errorf("%s is for other pods than %s", webhook.Name, first.Name)
		}
		if known := len(first.MatchConditions); !slices.Equal(webhook.MatchConditions[:known], first.MatchConditions) {
			t.Errorf("%s leaves out other pods than %s", webhook.Name, first.Name)
		}
	}
}

// An API server gives up on a request after 34 s (k8s.io/apiserver, requestTimeoutUpperBound), in which it may ask each entry once more
// because of reinvocationPolicy.
func TestThereIsTimeForThePrimaryAndTheStandbyToBeAskedTwice(t *testing.T) {
	longest := time.Duration(0)
	for _, configuration := range both(t) {
		slowest := time.Duration(0)
		for _, webhook := range configuration.Webhooks {
			timeout := time.Duration(*webhook.TimeoutSeconds) * time.Second
			if timeout <= admission.MaxReviewWait {
				t.Errorf("%s is given up on after %s, while a review may wait %s", webhook.Name, timeout, admission.MaxReviewWait)
			}
			slowest = max(slowest, timeout)
		}
		longest += 2 * slowest
	}
	if longest >= 34*time.Second {
		t.Errorf("all entries together may take %s", longest)
	}
}

func TestTheAPIServerNeverCallsForTheNamespacesThatTheCodeExcludes(t *testing.T) {
	want := inject.ExcludedNamespaces(parse(t).Namespace)
	for _, webhook := range slices.Concat(both(t)[0].Webhooks, both(t)[1].Webhooks) {
		excludes := slices.ContainsFunc(webhook.NamespaceSelector.MatchExpressions, func(r metav1.LabelSelectorRequirement) bool {
			return r.Key == corev1.LabelMetadataName && r.Operator == metav1.LabelSelectorOpNotIn && slices.Equal(r.Values, want)
		})
		if !excludes {
			t.Errorf("%s does not exclude %v", webhook.Name, want)
		}
	}
}

func TestEachNamespaceIsSelectedByTheEntryOfItsLabelAlone(t *testing.T) {
	configuration := base[admissionregistrationv1.MutatingWebhookConfiguration](t, "webhook.yaml", "MutatingWebhookConfiguration")
	for name, test := range map[string]struct {
		labels labels.Set
		by     []string
	}{
		"enabled is enabled":                  {labels.Set{contract.LabelInject: "enabled"}, []string{"enabled.podidentity.dev"}},
		"associated is associated":            {labels.Set{contract.LabelInject: "associated"}, []string{"associated.podidentity.dev"}},
		"a misspelt value is unknown":         {labels.Set{contract.LabelInject: "Enabled"}, []string{"unknown.podidentity.dev"}},
		"an empty value is unknown":           {labels.Set{contract.LabelInject: ""}, []string{"unknown.podidentity.dev"}},
		"no label is not selected":            {labels.Set{}, nil},
		"kube-system is never selected":       {labels.Set{contract.LabelInject: "enabled", corev1.LabelMetadataName: "kube-system"}, nil},
		"our own namespace is never selected": {labels.Set{contract.LabelInject: "associated", corev1.LabelMetadataName: "pod-identity"}, nil},
		"nor are they with an unknown value":  {labels.Set{contract.LabelInject: "yes", corev1.LabelMetadataName: "pod-identity"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var by []string
			for _, webhook := range configuration.Webhooks {
				selector, err := metav1.LabelSelectorAsSelector(webhook.NamespaceSelector)
				if err != nil {
					t.Fatal(err)
				}
				if selector.Matches(test.labels) {
					by = append(by, webhook.Name)
				}
			}
			if !slices.Equal(by, test.by) {
				t.Errorf("selected by %v, not by %v", by, test.by)
			}
		})
	}
}
