package podidentity_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/podidentity/podidentity/"

// mayImport is the floor plan of docs/architecture.md: what of ours each package may import.
func mayImport() map[string][]string {
	return map[string][]string{
		"contract": {},

		"internal/bounded":  {},
		"internal/flags":    {"internal/version"},
		"internal/kubelet":  {},
		"internal/version":  {},
		"internal/upstream": {},
		"internal/regular":  {},
		"internal/issuer":   {},
		"internal/clitest":  {},
		"internal/ststest":  {},
		"internal/nettest":  {},
		"internal/process":  {"api/v1alpha1", "internal/bounded", "internal/version"},

		"api/v1alpha1": {"contract"},
		"association":  {"api/v1alpha1", "contract"},
		"certs":        {"contract"},

		"webhook": {
			"association", "certs", "contract", "internal/bounded", "internal/issuer", "internal/process",
			"webhook/admission", "webhook/authca", "webhook/config", "webhook/controller", "webhook/inject", "webhook/leader", "webhook/resourcerules",
		},
		"webhook/config":        {"association", "contract", "internal/flags", "webhook/inject"},
		"webhook/admission":     {"association", "contract", "internal/bounded", "webhook/inject"},
		"webhook/controller":    {"api/v1alpha1", "association", "contract", "internal/issuer", "internal/kubelet", "webhook/inject"},
		"webhook/authca":        {"association", "certs", "contract"},
		"webhook/leader":        {},
		"webhook/resourcerules": {"webhook/inject"},
		"webhook/inject":        {"contract"},

		"sidecar": {
			"contract", "internal/regular", "sidecar/config", "sidecar/credentials", "sidecar/credentials/command", "sidecar/credentials/webidentity",
			"sidecar/identity", "sidecar/metrics", "sidecar/probes", "sidecar/readiness", "sidecar/server",
		},
		"sidecar/config":                  {"contract", "internal/flags", "sidecar/credentials/eksauth", "sidecar/credentials/webidentity", "sidecar/readiness"},
		"sidecar/server":                  {"contract", "internal/bounded", "internal/regular", "sidecar/connections", "sidecar/credentials", "sidecar/readiness"},
		"sidecar/metrics":                 {"contract", "internal/bounded", "internal/version", "sidecar/credentials", "sidecar/readiness"},
		"sidecar/credentials/eksauth":     {"contract", "internal/upstream", "sidecar/credentials", "sidecar/credentials/exchange"},
		"sidecar/credentials/webidentity": {"contract", "internal/upstream", "sidecar/credentials", "sidecar/credentials/exchange"},
		"sidecar/credentials/command":     {"contract", "sidecar/credentials"},
		"sidecar/credentials/exchange":    {"internal/regular", "internal/upstream"},
		"sidecar/credentials":             {"contract", "sidecar/identity"},
		"sidecar/identity":                {"contract", "internal/regular"},
		"sidecar/probes":                  {"contract", "internal/bounded", "sidecar/connections", "sidecar/readiness"},
		"sidecar/connections":             {},
		"sidecar/readiness":               {"sidecar/credentials"},

		"auth":           {"association", "certs", "internal/bounded", "internal/process", "auth/api", "auth/config", "auth/sessions", "auth/tokens"},
		"auth/config":    {"association", "contract", "internal/flags", "auth/api", "auth/sessions"},
		"auth/api":       {"association", "contract", "internal/bounded", "internal/upstream", "auth/exception", "auth/sessions", "auth/tokens"},
		"auth/sessions":  {"contract", "internal/upstream", "auth/exception", "auth/tokens"},
		"auth/tokens":    {"contract", "internal/upstream", "auth/exception"},
		"auth/exception": {},

		"plugin":                      {"internal/version", "plugin/check", "plugin/cli", "plugin/convert", "plugin/issuer", "plugin/logs", "plugin/preview", "plugin/trustpolicy", "plugin/who"},
		"plugin/convert":              {"api/v1alpha1", "contract", "plugin/cli", "plugin/objects"},
		"plugin/issuer":               {"internal/issuer", "plugin/cli"},
		"plugin/objects":              {"api/v1alpha1"},
		"plugin/trustpolicy":          {"api/v1alpha1", "association", "contract", "internal/flags", "internal/issuer", "plugin/cli", "plugin/cluster", "plugin/objects"},
		"plugin/kubectl-pod_identity": {"plugin"},
		"plugin/cli":                  {"api/v1alpha1"},
		"plugin/check":                {"api/v1alpha1", "association", "contract", "internal/issuer", "internal/kubelet", "plugin/cli", "plugin/cluster", "webhook/inject"},
		"plugin/logs":                 {"contract", "plugin/cli"},
		"plugin/preview":              {"api/v1alpha1", "association", "contract", "internal/flags", "plugin/cli", "webhook/config", "webhook/inject"},
		"plugin/cluster":              {"api/v1alpha1", "association", "contract", "webhook/config", "webhook/inject"},
		"plugin/who":                  {"association", "contract", "plugin/cli", "plugin/cluster"},
	}
}

// testsMayImport is what tests may import besides the package itself, contract, and what that package may.
func testsMayImport() map[string][]string {
	return map[string][]string{
		"plugin/preview":                  {"internal/clitest", "plugin"},
		"plugin/check":                    {"webhook/config"},
		"plugin/who":                      {"api/v1alpha1"},
		"plugin/convert":                  {"internal/clitest", "plugin"},
		"plugin/trustpolicy":              {"internal/clitest", "plugin"},
		"internal/bounded":                {"internal/nettest"},
		"sidecar/connections":             {"internal/bounded"},
		"sidecar/metrics":                 {"internal/nettest", "sidecar/identity"},
		"sidecar/probes":                  {"internal/nettest", "sidecar/credentials", "sidecar/identity"},
		"sidecar/readiness":               {"sidecar/identity"},
		"sidecar/server":                  {"sidecar/identity"},
		"sidecar/credentials":             {"sidecar/readiness"},
		"sidecar/credentials/eksauth":     {"internal/ststest"},
		"sidecar/credentials/webidentity": {"sidecar/config"},
		"webhook":                         {"internal/nettest"},
		"auth":                            {"api/v1alpha1", "internal/ststest"},
		"auth/sessions":                   {"internal/ststest"},
	}
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list ./...: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var next listed
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, next)
	}
}

func TestPackagesImportOnlyWhatTheFloorPlanAllows(t *testing.T) {
	plan := mayImport()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if len(p.Imports) == 0 && !slices.Contains(p.XTestImports, p.ImportPath) {
			continue // tests of the whole product, which import what they compare
		}
		allowed, ok := plan[name]
		delete(plan, name)
		if !ok {
			t.Errorf("%s is not in the floor plan: add it to docs/architecture.md and to mayImport", name)
			continue
		}
		assertImports(t, name, p.Imports, allowed)
		assertImports(t, "a test of "+name, slices.Concat(p.TestImports, p.XTestImports), slices.Concat(allowed, testsMayImport()[name], []string{name, "contract"}))
	}
	for name := range plan {
		t.Errorf("the floor plan has %s, which does not exist: remove it", name)
	}
}

func assertImports(t *testing.T, name string, imports, allowed []string) {
	t.Helper()
	for _, imported := range imports {
		if imported, ours := strings.CutPrefix(imported, module); ours && !slices.Contains(allowed, imported) {
			t.Errorf("%s imports %s, which the floor plan does not allow", name, imported)
		}
	}
}

// dependencies are all packages that the given ones are built from.
func dependencies(t *testing.T, arguments ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, arguments...)...).Output()
	if err != nil {
		t.Fatalf("go list -deps %q: %v", arguments, err)
	}
	return strings.Fields(string(out))
}

func TestWhatPackagesNeverDependOn(t *testing.T) {
	for name, law := range map[string]struct {
		of        []string
		forbidden []string
	}{
		"the sidecar, which every pod pays for, is free of Kubernetes and of heavy libraries, even in its tests": {
			[]string{"-test", "./sidecar/..."},
			[]string{"k8s.io/", "sigs.k8s.io/", "github.com/aws/aws-sdk-go-v2/config", "github.com/prometheus/"},
		},
		"the sidecar has the HTTP/2 of the standard library alone": {[]string{"./sidecar/..."}, []string{"golang.org/x/net/"}},
		"the contract imports nothing of others":                   {[]string{"./contract"}, []string{"k8s.io/", "sigs.k8s.io/", "github.com/", "net/http"}},
		"what runs in the cluster has no library of the plugin": {
			[]string{"./webhook", "./sidecar", "./auth"}, []string{"github.com/spf13/cobra", "k8s.io/cli-runtime"},
		},
		"injection has no server, no client and no cache": {[]string{"./webhook/inject"}, []string{"sigs.k8s.io/controller-runtime", "k8s.io/client-go"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dependency := range dependencies(t, law.of...) {
				for _, prefix := range law.forbidden {
					if strings.HasPrefix(dependency, prefix) && !strings.HasPrefix(dependency, module) {
						t.Errorf("%s depends on %s", law.of, dependency)
					}
				}
			}
		})
	}
}

func TestInjectionIsPure(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != module+"webhook/inject" {
			continue
		}
		for _, imported := range p.Imports {
			root, _, _ := strings.Cut(imported, "/")
			if slices.Contains([]string{"os", "net", "io", "log", "syscall", "crypto", "math"}, root) {
				t.Errorf("it imports %s: whatever it depends on must be an argument", imported)
			}
		}
	}
}
