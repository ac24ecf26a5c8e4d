package platform

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// clusterVariable is the environment variable by which make e2e chooses the cluster of suites that can do with any: kept or
// existing. Without it each suite starts its own.
const clusterVariable = "E2E_CLUSTER"

const (
	// UseKept in the environment of a suite chooses the kept cluster.
	UseKept = clusterVariable + "=kept"
	// UseExisting in the environment of a suite chooses the cluster of KUBECONFIG.
	UseExisting = clusterVariable + "=existing"
)

func uses(choice string) bool { return clusterVariable+"="+os.Getenv(clusterVariable) == choice }

// EnvForTest is for suites that need nothing but a cluster with the product, and leave the installation as it was: that of KUBECONFIG,
// the kept one, or one that ends with the test.
func EnvForTest(t *testing.T, name string) *Env {
	t.Helper()
	if uses(UseExisting) {
		env, err := Existing(t.Context(), os.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		return env
	}
	if !uses(UseKept) {
		return ForTest(t, name).Env
	}
	p, err := OpenKept(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	diagnoseFailure(t, p)
	return p.Env
}

// ForTest starts a platform for one test and removes it with it. A failed test says what there is to see of the platform.
func ForTest(t *testing.T, name string) *Platform {
	t.Helper()
	return ForTestWith(t, name, demo())
}

// ForTestWith is ForTest with another installation of the product than the demo's.
func ForTestWith(t *testing.T, name string, product Product) *Platform {
	t.Helper()
	if uses(UseExisting) {
		t.Fatal("this suite needs a cluster of its own, which it starts: unset KUBECONFIG")
	}
	p, err := startWith(t.Context(), name, product, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	diagnoseFailure(t, p)
	return p
}

func diagnoseFailure(t *testing.T, p *Platform) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(p.Diagnose(context.WithoutCancel(t.Context())))
		}
	})
}

// Namespace creates a labelled namespace for a scenario, with a service account of each name, and returns the namespace's name,
// which no other run has. It goes with the test, unless that fails: then it stays to be looked at, where the cluster stays.
func (e *Env) Namespace(t *testing.T, prefix, label string, accounts ...string) string {
	t.Helper()
	name := prefix + "-" + strings.ToLower(rand.Text()[:6])
	labels := ""
	if label != "" {
		labels = "podidentity.dev/inject: " + strconv.Quote(label)
	}
	// With its label at once: an API server that still knows the namespace without it calls no webhook.
	e.DoWith(t, fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {%s}}}", name, labels), "create", "--filename=-")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("namespace %s stays", name)
			return
		}
		if _, err := e.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", "namespace", name, "--wait=false"); err != nil {
			t.Error(err)
		}
	})
	for _, account := range accounts {
		e.Do(t, "create", "serviceaccount", "--namespace="+name, account)
	}
	e.AwaitAny(t, "--namespace="+name, "serviceaccount", "--field-selector=metadata.name=default")
	return name
}

// Do runs kubectl and returns what it printed; an error ends the test.
func (e *Env) Do(t *testing.T, args ...string) string {
	t.Helper()
	return e.DoWith(t, "", args...)
}

// DoWith is Do with text as kubectl's standard input.
func (e *Env) DoWith(t *testing.T, text string, args ...string) string {
	t.Helper()
	out, err := e.Kubectl(t.Context(), strings.NewReader(text), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// AwaitAny waits until kubectl get finds anything by these arguments, as kubectl wait --for=create does from kubectl 1.31 on.
func (e *Env) AwaitAny(t *testing.T, get ...string) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 3*time.Minute, true, func(context.Context) (bool, error) {
		return strings.TrimSpace(e.Do(t, append([]string{"get", "--output=name"}, get...)...)) != "", nil
	})
	if err != nil {
		t.Fatalf("kubectl get %v finds nothing: %v", get, err)
	}
}
