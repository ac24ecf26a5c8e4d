package chart_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	describe = "-o=jsonpath={.spec.versions[0].schema.openAPIV3Schema.description}"
	flags    = "-o=jsonpath={.spec.template.spec.containers[0].args}"
)

func tested(t *testing.T, s suite) {
	if out := s.mustRun(t, "test", "pod-identity", "--namespace=pod-identity", "--timeout=2m"); !strings.Contains(out, "Succeeded") {
		t.Errorf("helm test says\n%s", out)
	}
	s.Do(t, "wait", "--for=delete", "namespace/pod-identity-test", "--timeout=2m")
}

func refused(t *testing.T, s suite) {
	before := s.Do(t, "get", "deployment", "--namespace=pod-identity", "-o=jsonpath={.items[*].metadata.resourceVersion}")
	_, err := s.run(t.Context(), s.Cluster, s.arguments(s.chart(), "--set=settings.regoin=eu-central-1")...)
	if err == nil || !strings.Contains(err.Error(), "'regoin'") {
		t.Errorf("helm upgrade with --set=settings.regoin=eu-central-1: %v", err)
	}
	if after := s.Do(t, "get", "deployment", "--namespace=pod-identity", "-o=jsonpath={.items[*].metadata.resourceVersion}"); after != before {
		t.Error("the Deployments have changed")
	}
}

// rotated deletes the CA, of which the webhook makes another, and writes it where no chart has anything.
func rotated(t *testing.T, s suite) {
	const bundle = "-o=jsonpath={.webhooks[*].clientConfig.caBundle}"
	before := s.Do(t, "get", "mutatingwebhookconfiguration", "pod-identity", bundle)
	s.Do(t, "delete", "secret", "--namespace=pod-identity", "pod-identity-ca")
	rotatedTo := before
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 3*time.Minute, true, func(context.Context) (bool, error) {
		rotatedTo = s.Do(t, "get", "mutatingwebhookconfiguration", "pod-identity", bundle)
		return rotatedTo != before, nil
	})
	if err != nil {
		t.Fatalf("the CA is not replaced: %v", err)
	}
	s.unchanged(t)
	s.mustRun(t, s.arguments(s.chart())...)
	if after := s.Do(t, "get", "mutatingwebhookconfiguration", "pod-identity", bundle); after != rotatedTo {
		t.Error("an upgrade without changes has replaced the trust in the webhook")
	}
	s.unchanged(t)
}

// unchanged compares the release with the cluster, as another tool that applies it would: kubectl diff ends with an error where they differ.
func (s suite) unchanged(t *testing.T) {
	t.Helper()
	manifest := s.mustRun(t, "get", "manifest", "pod-identity", "--namespace=pod-identity")
	difference, err := s.Cluster.Kubectl(t.Context(), strings.NewReader(manifest), "diff", "--server-side", "--force-conflicts", "--field-manager=another", "--filename=-")
	if err != nil {
		t.Errorf("the cluster differs from the release: %v\n%s", err, difference)
	}
}

func upgraded(t *testing.T, s suite) {
	const description = "As it is said by another version."
	s.mustRun(t, s.arguments(s.otherChart(t, description), "--set=settings.log-level=debug")...)
	if got := s.Do(t, "get", crd, describe); !strings.Contains(got, description) {
		t.Errorf("the CRD says %q", got)
	}
	if got := s.Do(t, "get", "deployment", "--namespace=pod-identity", "pod-identity-webhook", flags); !strings.Contains(got, "--log-level=debug") {
		t.Errorf("the flags of the webhook are %s", got)
	}
	s.reads(t, "first")
	s.start(t, "upgraded")
	s.reads(t, "upgraded")
}

func rolledBack(t *testing.T, s suite) {
	s.mustRun(t, "rollback", "pod-identity", "1", "--namespace=pod-identity", "--wait", "--timeout=3m")
	if got := s.Do(t, "get", "deployment", "--namespace=pod-identity", "pod-identity-webhook", flags); strings.Contains(got, "--log-level") {
		t.Errorf("the flags of the webhook are %s", got)
	}
	s.reads(t, "first")
	s.start(t, "rolled-back")
	s.reads(t, "rolled-back")
	s.unchanged(t)
}

func failed(t *testing.T, s suite) {
	s.Do(t, "delete", "mutatingwebhookconfiguration", "pod-identity", "pod-identity-standby")
	if out, err := s.run(t.Context(), s.Cluster, "test", "pod-identity", "--namespace=pod-identity", "--timeout=2m"); err == nil {
		t.Errorf("helm test says\n%s", out)
	}
	s.mustRun(t, s.arguments(s.chart())...)
	s.Do(t, "wait", "mutatingwebhookconfiguration/pod-identity-standby", "--for=jsonpath={.webhooks[0].clientConfig.caBundle}", "--timeout=3m")
	tested(t, s)
}

func uninstalled(t *testing.T, s suite) {
	s.mustRun(t, "uninstall", "pod-identity", "--namespace=pod-identity", "--wait", "--timeout=3m")
	for _, kind := range []string{"mutatingwebhookconfigurations", "validatingadmissionpolicies", "deployments.apps --namespace=pod-identity", "clusterroles --selector=app.kubernetes.io/managed-by=Helm"} {
		if left := s.Do(t, append([]string{"get", "-o=name"}, strings.Fields(kind)...)...); left != "" {
			t.Errorf("left are %s", left)
		}
	}
	s.Do(t, "get", "podidentityassociation", "reader")
	s.reads(t, "first")
	s.Do(t, "run", "plain", "--namespace="+namespace, "--image="+s.CLIImage, "--command", "--", "sleep", "infinity")
	if containers := s.Do(t, "get", "pod", "plain", "--namespace="+namespace, "-o=jsonpath={.spec.initContainers[*].name}"); containers != "" {
		t.Errorf("a pod is injected by nobody: %s", containers)
	}
}

func installedAgain(t *testing.T, s suite) {
	if _, err := s.run(context.WithoutCancel(t.Context()), s.Cluster, s.arguments(s.chart())...); err != nil {
		t.Fatal(err)
	}
	s.start(t, "again")
	s.reads(t, "again")
}
