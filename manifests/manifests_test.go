// Package manifests_test checks the manifests against the code.
package manifests_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/webhook/config"
)

// base reads the only object of a kind from a file of the base.
func base[T any](t *testing.T, file, kind string) T {
	t.Helper()
	return object[T](t, filepath.Join("base", file), kind)
}

// object reads the only object of a kind from a file. Unknown fields are an error.
func object[T any](t *testing.T, file, kind string) T {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			t.Fatalf("%s has no %s", file, kind)
		}
		if err != nil {
			t.Fatal(err)
		}
		var is struct{ Kind string }
		if err := sigsyaml.Unmarshal(document, &is); err != nil {
			t.Fatal(err)
		}
		if is.Kind != kind {
			continue
		}
		var object T
		if err := sigsyaml.UnmarshalStrict(document, &object); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return object
	}
}

func webhookContainer(t *testing.T) corev1.Container {
	return base[appsv1.Deployment](t, "server/deployment.yaml", "Deployment").Spec.Template.Spec.Containers[0]
}

// parse parses the arguments of the Deployment.
func parse(t *testing.T) config.Config {
	t.Helper()
	namespace := base[corev1.Namespace](t, "namespace.yaml", "Namespace").Name
	var arguments []string
	for _, argument := range webhookContainer(t).Args {
		arguments = append(arguments, strings.ReplaceAll(argument, "$(POD_NAMESPACE)", namespace))
	}
	c, err := config.Parse(arguments, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheWebhookAcceptsTheArgumentsOfItsDeployment(t *testing.T) {
	c := parse(t)
	for _, port := range webhookContainer(t).Ports {
		want := map[string]string{"https": fmt.Sprintf(":%d", c.Listen), "health": c.Health, "metrics": c.Metrics}[port.Name]
		if got := fmt.Sprintf(":%d", port.ContainerPort); got != want {
			t.Errorf("port %s is %s, the webhook listens on %s", port.Name, got, want)
		}
	}
	for _, service := range all[corev1.Service](t, build(t, "base"), "Service") {
		if !slices.Contains(c.Services, service.Name) {
			t.Errorf("Service %s, the certificate is for %v", service.Name, c.Services)
		}
	}
}

func TestEachServiceSelectsOneDeployment(t *testing.T) {
	built := build(t, "base")
	services := all[corev1.Service](t, built, "Service")
	for i, deployment := range all[appsv1.Deployment](t, built, "Deployment") {
		for j, service := range services {
			if matches := labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(deployment.Spec.Template.Labels)); matches != (i == j) {
				t.Errorf("Service %s sends to Deployment %s: %t", service.Name, deployment.Name, matches)
			}
		}
		for _, spread := range deployment.Spec.Template.Spec.TopologySpreadConstraints {
			selector, err := metav1.LabelSelectorAsSelector(spread.LabelSelector)
			if err != nil {
				t.Fatal(err)
			}
			for _, other := range all[appsv1.Deployment](t, built, "Deployment") {
				if !selector.Matches(labels.Set(other.Spec.Template.Labels)) {
					t.Errorf("%s may be on the node of %s", deployment.Name, other.Name)
				}
			}
		}
	}
	if len(services) != 2 {
		t.Errorf("%d Services", len(services))
	}
}

func TestTheRotationRolesNameTheObjectsThatTheCodeUses(t *testing.T) {
	c := parse(t)
	for _, rule := range append(
		base[rbacv1.ClusterRole](t, "rbac-rotation.yaml", "ClusterRole").Rules,
		base[rbacv1.Role](t, "rbac-rotation.yaml", "Role").Rules...) {
		switch {
		case slices.Contains(rule.Resources, "mutatingwebhookconfigurations"):
			if !slices.Equal(rule.Verbs, []string{"list", "watch"}) && !slices.Equal(rule.ResourceNames, c.Webhooks) {
				t.Errorf("the right to patch webhooks is for %v", rule.ResourceNames)
			}
		case slices.Contains(rule.Resources, "secrets") && !slices.Equal(rule.Verbs, []string{"create"}):
			if !slices.Equal(rule.ResourceNames, []string{c.CASecret}) {
				t.Errorf("the right to read Secrets is for %v", rule.ResourceNames)
			}
		}
	}
}
