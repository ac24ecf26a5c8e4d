package manifests_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// Whoever removes the product to install it again, or by mistake, must not lose the associations of all teams: an association is
// gone with its CRD.
func TestUninstallKeepsTheAssociationsUnlessAsked(t *testing.T) {
	for _, manifests := range []string{"base", "overlays/cert-manager", "overlays/namespace"} {
		all := identifiers(t, manifests)
		kept := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return strings.HasPrefix(id, "CustomResourceDefinition") })
		if len(kept) != len(all)-1 {
			t.Fatalf("%s has %d CRDs, want 1", manifests, len(all)-len(kept))
		}
		for sentence, test := range map[string]struct {
			arguments []string
			removed   []string
		}{
			"they are kept by default":     {nil, kept},
			"they are removed if so asked": {[]string{"ASSOCIATIONS=delete"}, all},
		} {
			t.Run(manifests+": "+sentence, func(t *testing.T) {
				checkout := copyOfCheckout(t)
				if said, err := uninstall(t, checkout, append(test.arguments, "MANIFESTS=manifests/"+manifests)...); err != nil {
					t.Fatalf("make uninstall: %v: %s", err, said)
				}
				if got := identifiers(t, filepath.Join(checkout, "bin", "uninstall")); !slices.Equal(got, test.removed) {
					t.Errorf("removed are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.removed, "\n"))
				}
			})
		}
	}
}

func TestUninstallRefusesAnUnknownWishForTheAssociations(t *testing.T) {
	said, err := uninstall(t, copyOfCheckout(t), "ASSOCIATIONS=yes")
	if err == nil || !strings.Contains(said, "ASSOCIATIONS is yes: leave it out to keep the associations, or set it to delete") {
		t.Errorf("make uninstall: %v: %s", err, said)
	}
}

// The standby's entries fail closed: while they are there and the webhook is not, pods of labelled namespaces are refused.
func TestUninstallRemovesTheWebhookConfigurationsFirst(t *testing.T) {
	checkout := copyOfCheckout(t)
	calls := filepath.Join(checkout, "calls")
	kubectl := filepath.Join(checkout, "kubectl")
	if err := os.WriteFile(kubectl, []byte("#!/bin/sh\necho \"$*\" >> "+calls), 0o700); err != nil {
		t.Fatal(err)
	}
	if said, err := uninstall(t, checkout, "KUBECTL="+kubectl); err != nil {
		t.Fatalf("make uninstall: %v: %s", err, said)
	}
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"delete", "mutatingwebhookconfigurations"}
	for _, configuration := range all[admissionregistrationv1.MutatingWebhookConfiguration](t, build(t, "base"), "MutatingWebhookConfiguration") {
		want = append(want, configuration.Name)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	got := strings.Fields(strings.TrimSuffix(first, " --ignore-not-found"))
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("the first call of kubectl is %q", first)
	}
}

// identifiers names the objects of a kustomization, sorted.
func identifiers(t *testing.T, directory string) []string {
	t.Helper()
	var ids []string
	for _, resource := range build(t, directory).Resources() {
		ids = append(ids, resource.GetKind()+" "+resource.GetNamespace()+"/"+resource.GetName())
	}
	slices.Sort(ids)
	return ids
}

// copyOfCheckout is what `make uninstall` needs of the checkout.
func copyOfCheckout(t *testing.T) (directory string) {
	t.Helper()
	directory = t.TempDir()
	for _, name := range []string{"Makefile", "manifests"} {
		if err := exec.CommandContext(t.Context(), "cp", "-r", filepath.Join("..", name), directory).Run(); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// uninstall runs `make uninstall` with a kubectl that does nothing.
func uninstall(t *testing.T, directory string, arguments ...string) (said string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"--directory", directory, "uninstall", "KUBECTL=true"}, arguments...)...)
	// A make that runs below another make must not take its flags.
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	output, err := cmd.CombinedOutput()
	return string(output), err
}
