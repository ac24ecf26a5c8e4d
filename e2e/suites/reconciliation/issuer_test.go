package reconciliation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// watchedIssuer has the leader watch the issuer of the cluster. Here that is the API server itself, whose certificate no public CA
// has signed: the leader cannot read it before it trusts the CA of the cluster, and then finds its keys.
func watchedIssuer(t *testing.T, f fixture) {
	defer f.keepDeployments(t)()
	before := f.webhookPods(t)
	for _, deployment := range webhookDeployments() {
		f.Do(t, "patch", "--namespace=pod-identity", "deployment", deployment, "--type=json",
			`--patch=[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--watch-issuer"}]`)
	}
	f.awaitReplaced(t, before)
	f.awaitMetrics(t, "the issuer cannot be read", func(all string) bool {
		return strings.Contains(all, "podidentity_issuer_unreadable 1\n") && !strings.Contains(all, "podidentity_issuer_unpublished_keys ")
	})
	before = f.webhookPods(t)
	f.Do(t, slices.Concat([]string{"set", "env", "--namespace=pod-identity"}, deployments(), []string{"SSL_CERT_FILE=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"})...)
	f.awaitReplaced(t, before)
	f.awaitMetrics(t, "the keys are published", func(all string) bool {
		return strings.Contains(all, "podidentity_issuer_unreadable 0\n") && strings.Contains(all, "podidentity_issuer_unpublished_keys 0\n")
	})
}

func webhookDeployments() []string {
	return []string{"pod-identity-webhook", "pod-identity-webhook-standby"}
}

// deployments are those of the webhook, as kubectl takes them.
func deployments() []string {
	var all []string
	for _, name := range webhookDeployments() {
		all = append(all, "deployment/"+name)
	}
	return all
}

func (f fixture) webhookPods(t *testing.T) []string {
	t.Helper()
	return strings.Fields(f.Do(t, "get", "pods", "--namespace=pod-identity", "--output=name"))
}

// awaitReplaced waits until others run in place of these pods, whose metrics nobody can read once they end.
func (f fixture) awaitReplaced(t *testing.T, before []string) {
	t.Helper()
	for _, deployment := range deployments() {
		f.Do(t, "rollout", "status", "--namespace=pod-identity", deployment, "--timeout=3m")
	}
	f.Do(t, append([]string{"wait", "--namespace=pod-identity", "--for=delete", "--timeout=3m"}, before...)...)
}

// keepDeployments returns what makes the Deployments of the webhook as they are now.
func (f fixture) keepDeployments(t *testing.T) (restore func()) {
	t.Helper()
	revisions := map[string]string{}
	for _, deployment := range deployments() {
		revisions[deployment] = f.Do(t, "get", "--namespace=pod-identity", deployment, `--output=jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}`)
	}
	return func() {
		t.Helper()
		ctx := context.WithoutCancel(t.Context())
		for deployment, revision := range revisions {
			for _, arguments := range [][]string{{"undo", "--to-revision=" + revision}, {"status", "--timeout=3m"}} {
				if _, err := f.Kubectl(ctx, nil, append([]string{"rollout", arguments[0], "--namespace=pod-identity", deployment}, arguments[1:]...)...); err != nil {
					t.Errorf("make %s as it was: %v", deployment, err)
				}
			}
		}
	}
}
