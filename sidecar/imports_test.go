package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestSidecarDependsOnNothingOfKubernetes keeps the sidecar small: it is multiplied by the number of pods.
func TestSidecarDependsOnNothingOfKubernetes(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(out)) {
		for _, banned := range []string{"k8s.io/", "sigs.k8s.io/", "github.com/aws/aws-sdk-go-v2/config", "github.com/prometheus/", "golang.org/x/net/"} {
			if strings.HasPrefix(name, banned) {
				t.Errorf("the sidecar depends on %s", name)
			}
		}
	}
}
