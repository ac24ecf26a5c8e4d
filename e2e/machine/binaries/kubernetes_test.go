package binaries

import (
	"slices"
	"strings"
	"testing"
)

func TestTheVersionInGoModIsTheVersionThatKubernetesReports(t *testing.T) {
	all, err := allKubernetes("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if !strings.HasPrefix(p.version, "v1.") || !slices.Contains(p.programs(), "kube-apiserver") {
			t.Errorf("version %s, programs %v", p.version, p.programs())
		}
		minor := strings.Split(p.version, ".")[1]
		if flags := strings.Join(p.flags(), " "); !strings.Contains(flags, "gitVersion="+p.version+" ") ||
			!strings.Contains(flags, "gitMajor=1 ") || !strings.HasSuffix(flags, "gitMinor="+minor) {
			t.Errorf("flags %s", flags)
		}
		if !strings.HasSuffix(p.dir, "kubernetes/1."+minor) {
			t.Errorf("Kubernetes %s is pinned in %s", p.version, p.dir)
		}
	}
}

func TestTheEnvironmentChoosesTheVersionOfKubernetes(t *testing.T) {
	versions, err := KubernetesVersions("../..")
	if err != nil {
		t.Fatal(err)
	}
	oldest, newest := versions[0], versions[len(versions)-1]
	for wanted, want := range map[string]string{
		"":                                      newest,
		oldest:                                  oldest,
		oldest[:strings.LastIndex(oldest, ".")]: oldest,
		newest:                                  newest,
	} {
		t.Setenv(kubernetesVariable, wanted)
		if p, err := kubernetes("../.."); err != nil || p.version != want {
			t.Errorf("for %q it is %s, %v; want %s", wanted, p.version, err, want)
		}
	}
	t.Setenv(kubernetesVariable, "v1.3")
	if _, err := kubernetes("../.."); err == nil || !strings.Contains(err.Error(), "v1.3,") || !strings.Contains(err.Error(), oldest) {
		t.Errorf("for a version that nothing pins: %v", err)
	}
}
