package manifests_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
)

// rules says what a policy allows, such as "https from anyone".
func rules(policy networkingv1.NetworkPolicy) []string {
	var all []string
	for _, rule := range policy.Spec.Ingress {
		all = append(all, ports(rule.Ports)+" from "+peers(rule.From))
	}
	for _, rule := range policy.Spec.Egress {
		all = append(all, ports(rule.Ports)+" to "+peers(rule.To))
	}
	return all
}

func ports(all []networkingv1.NetworkPolicyPort) string {
	var texts []string
	for _, port := range all {
		if port.Port == nil {
			texts = append(texts, string(*port.Protocol))
			continue
		}
		texts = append(texts, port.Port.String())
	}
	return strings.Join(texts, ",")
}

func peers(all []networkingv1.NetworkPolicyPeer) string {
	if len(all) == 0 {
		return "anyone"
	}
	var texts []string
	for _, peer := range all {
		switch {
		case peer.IPBlock != nil:
			texts = append(texts, peer.IPBlock.CIDR)
		case len(peer.NamespaceSelector.MatchLabels) == 0:
			texts = append(texts, "all pods")
		default:
			texts = append(texts, fmt.Sprint(peer.NamespaceSelector.MatchLabels))
		}
	}
	return strings.Join(texts, ",")
}

// documented is a kustomization over the base, with the patch that the security page shows.
func documented(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1) {
		if !strings.Contains(string(block[1]), "NetworkPolicy") {
			continue
		}
		directory := t.TempDir()
		base, err := filepath.Abs("base")
		if err != nil {
			t.Fatal(err)
		}
		if base, err = filepath.Rel(directory, base); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, "kustomization.yaml"), fmt.Appendf(nil, "resources: [%s]\n%s", base, block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		return directory
	}
	t.Fatal("the security page has no patch of a NetworkPolicy")
	return ""
}

func TestWhoReachesTheServersAndWhomTheyReach(t *testing.T) {
	for name, test := range map[string]struct {
		directory, policy string
		rules             []string
	}{
		"the webhook": {"base", "pod-identity-webhook", []string{"https from anyone", "metrics from map[metrics:enabled]", "TCP to anyone"}},
		"the webhook, where the addresses of the API servers are named": {
			documented(t), "pod-identity-webhook",
			[]string{"https from 203.0.113.0/28", "metrics from map[metrics:enabled]", "6443 to 203.0.113.0/28"},
		},
		"the auth service": {"overlays/auth", "pod-identity-auth", []string{"https from all pods", "metrics from map[metrics:enabled]"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, policy := range all[networkingv1.NetworkPolicy](t, build(t, test.directory), "NetworkPolicy") {
				if policy.Name == test.policy {
					got = rules(policy)
				}
			}
			if !slices.Equal(got, test.rules) {
				t.Errorf("got %q, want %q", got, test.rules)
			}
		})
	}
}
