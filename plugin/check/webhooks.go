package check

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/webhook/inject"
)

const applyAgain = "apply the manifests, or the chart, of your release again"

// entry is one webhook of a configuration, as the manifests have it.
type entry struct {
	name, service string
	policy        admissionregistrationv1.FailurePolicyType
}

// entriesOf are those of both configurations, by name. A test compares them with the manifests.
func entriesOf() map[string][]entry {
	const primary, standby = "pod-identity-webhook", "pod-identity-webhook-standby"
	const ignore, fail = admissionregistrationv1.Ignore, admissionregistrationv1.Fail
	return map[string][]entry{
		"pod-identity": {
			{"enabled.podidentity.dev", primary, ignore}, {"associated.podidentity.dev", primary, ignore}, {"unknown.podidentity.dev", primary, ignore},
		},
		"pod-identity-standby": {{"enabled.standby.podidentity.dev", standby, fail}, {"associated.standby.podidentity.dev", standby, fail}},
	}
}

// webhookFindings are about both configurations, and the trust in them.
func webhookFindings(i *cluster.Installation, now time.Time) []Finding {
	var all []Finding
	for _, name := range i.Config.Webhooks {
		check := "webhook " + name
		if err := i.Unread[name]; err != nil {
			all = append(all, unknown(check, err))
			continue
		}
		configuration, found := i.Configurations[name]
		if !found {
			all = append(all, wrong(check, applyAgain, "MutatingWebhookConfiguration %s is not there: %s", name, consequence(name)))
			continue
		}
		var findings []Finding
		for _, wanted := range entriesOf()[name] {
			findings = append(findings, entryFindings(check, configuration, wanted, i.Namespace)...)
		}
		trust, until := trustFindings(check, configuration, i, now)
		all = append(all, settled(append(findings, trust...), ok(check, "called, and trusted until %s", until.UTC().Format(time.DateOnly)))...)
	}
	return append(all, sharedTrust(i)...)
}

func consequence(name string) string {
	if name == "pod-identity-standby" {
		return "while the primary does not answer, pods are created without credentials"
	}
	return "pods are admitted by the standby alone"
}

func entryFindings(check string, c *admissionregistrationv1.MutatingWebhookConfiguration, wanted entry, namespace string) []Finding {
	at := slices.IndexFunc(c.Webhooks, func(w admissionregistrationv1.MutatingWebhook) bool { return w.Name == wanted.name })
	if at < 0 {
		return []Finding{wrong(check, applyAgain, "it lacks the entry %s: pods of its namespaces are not injected by it", wanted.name)}
	}
	found := c.Webhooks[at]
	var all []Finding
	if service := found.ClientConfig.Service; service == nil || service.Name != wanted.service {
		all = append(all, wrong(check, applyAgain, "entry %s does not call the Service %s", wanted.name, wanted.service))
	}
	if found.FailurePolicy == nil || *found.FailurePolicy != wanted.policy {
		all = append(all, wrong(check, applyAgain, "the failurePolicy of entry %s is not %s", wanted.name, wanted.policy))
	}
	if !excludes(found.NamespaceSelector, namespace) {
		all = append(all, wrong(check, applyAgain, "entry %s does not leave out namespace %s: the webhook's own pods cannot be created while it is away", wanted.name, namespace))
	}
	return all
}

func excludes(selector *metav1.LabelSelector, namespace string) bool {
	if selector == nil {
		return false
	}
	return slices.ContainsFunc(selector.MatchExpressions, func(r metav1.LabelSelectorRequirement) bool {
		return r.Key == corev1.LabelMetadataName && r.Operator == metav1.LabelSelectorOpNotIn &&
			!slices.ContainsFunc(inject.ExcludedNamespaces(namespace), func(n string) bool { return !slices.Contains(r.Values, n) })
	})
}

// trustFindings are about the caBundle of each entry. Until is when the last certificate of the first ends.
func trustFindings(check string, c *admissionregistrationv1.MutatingWebhookConfiguration, i *cluster.Installation, now time.Time) (all []Finding, until time.Time) {
	remedy := trustRemedy(i)
	for _, w := range c.Webhooks {
		certificates := parse(w.ClientConfig.CABundle)
		last := time.Time{}
		for _, certificate := range certificates {
			if certificate.NotAfter.After(last) {
				last = certificate.NotAfter
			}
		}
		switch {
		case len(certificates) == 0:
			all = append(all, wrong(check, remedy, "the caBundle of entry %s has no certificate: API servers trust no replica", w.Name))
		case !last.After(now):
			all = append(all, wrong(check, remedy, "the caBundle of entry %s expired at %s: API servers trust no replica", w.Name, last.UTC().Format(time.DateTime)))
		}
		if until.IsZero() || last.Before(until) {
			until = last
		}
	}
	return all, until
}

func trustRemedy(i *cluster.Installation) string {
	if i.Config.CertificateDir != "" {
		return "see why cert-manager does not write it: docs/certificates.md#by-cert-manager"
	}
	return fmt.Sprintf("a replica writes it within a second; see why none does: kubectl logs --namespace %s --selector app.kubernetes.io/name=pod-identity-webhook", i.Namespace)
}

// sharedTrust is wrong where the two configurations trust nothing in common: both replicas' certificates are of one CA.
func sharedTrust(i *cluster.Installation) []Finding {
	var bundles [][]*x509.Certificate
	for _, configuration := range i.Configurations {
		if len(configuration.Webhooks) > 0 {
			bundles = append(bundles, parse(configuration.Webhooks[0].ClientConfig.CABundle))
		}
	}
	if len(bundles) < 2 || len(bundles[0]) == 0 || len(bundles[1]) == 0 {
		return nil
	}
	shared := slices.ContainsFunc(bundles[0], func(one *x509.Certificate) bool {
		return slices.ContainsFunc(bundles[1], func(other *x509.Certificate) bool { return bytes.Equal(one.Raw, other.Raw) })
	})
	if shared {
		return nil
	}
	return []Finding{wrong("trust", trustRemedy(i), "the two configurations trust no CA in common: one of them trusts somebody else's")}
}

// parse reads the certificates of a bundle, and passes over what is none.
func parse(bundle []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for rest := []byte(strings.TrimSpace(string(bundle))); len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, certificate)
		}
	}
	return all
}
