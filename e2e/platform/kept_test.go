package platform

import (
	"testing"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
)

func TestAVariableThatChoosesAnotherClusterThanTheKeptOneIsNamedWithWhatThatHas(t *testing.T) {
	plain := cluster.Config{Name: KeptName, Binaries: binaries.Set{KubernetesVersion: "v1.37.2"}}
	special := cluster.Config{Name: KeptName, Family: cluster.IPv6, Binaries: binaries.Set{
		KubernetesVersion: "v1.30.14", Runtime: binaries.Runtime{Version: "v2.4.2"},
	}}
	for name, test := range map[string]struct {
		made                           cluster.Config
		kubernetes, containerd, family string
		want                           string
	}{
		"no variable, and the defaults": {made: plain},
		"no variable, and no default":   {made: special},
		"the versions that it has":      {made: special, kubernetes: "v1.30.14", containerd: "v2.4.2", family: "IPv6"},
		"their minor versions":          {made: special, kubernetes: "v1.30", containerd: "v2.4"},
		"another version of which the name begins alike": {
			made: special, kubernetes: "v1.3", want: "KUBERNETES is v1.3, but the cluster kept has v1.30.14",
		},
		"a containerd where the machine's is": {
			made: plain, containerd: "v2.4", want: "CONTAINERD is v2.4, but the cluster kept has the machine's",
		},
		"several": {
			made: plain, kubernetes: "v1.30", family: "IPv6",
			want: "KUBERNETES is v1.30, but the cluster kept has v1.37.2; IP_FAMILY is IPv6, but the cluster kept has IPv4",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBERNETES", test.kubernetes)
			t.Setenv("CONTAINERD", test.containerd)
			t.Setenv("IP_FAMILY", test.family)
			p := &Platform{Cluster: &cluster.Cluster{Config: test.made}}
			if got := p.Contradiction(); got != test.want {
				t.Errorf("it says %q, want %q", got, test.want)
			}
		})
	}
}
