package binaries

import (
	"slices"
	"strings"
	"testing"
)

func TestTheVersionInGoModIsTheVersionThatKubernetesReports(t *testing.T) {
	all, err := kubernetes().all("../..")
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
