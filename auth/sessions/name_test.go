package sessions

import (
	"regexp"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/auth/tokens"
)

func TestTheNameOfASession(t *testing.T) {
	const uid = "0a1b2c3d-0000-4000-8000-000000000001"
	for name, test := range map[string]struct{ cluster, pod, want string }{
		"as EKS names it":                   {"green", "web-0", "eks-green-web-0-" + uid},
		"a long pod name is cut":            {"green", strings.Repeat("p", 253), "eks-green-" + strings.Repeat("p", 17) + "-" + uid},
		"a long cluster name is cut":        {strings.Repeat("c", 100), "web-0", "eks-" + strings.Repeat("c", 17) + "-web-0-" + uid},
		"of two long names both are cut":    {strings.Repeat("c", 100), strings.Repeat("p", 253), "eks-cccccccc-" + strings.Repeat("p", 14) + "-" + uid},
		"dots, which pod names may have":    {"green", "a.b", "eks-green-a.b-" + uid},
		"a short cluster, a pod that fills": {"g", strings.Repeat("p", 20), "eks-g-" + strings.Repeat("p", 20) + "-" + uid},
	} {
		t.Run(name, func(t *testing.T) {
			i := Issuer{settings: Settings{ClusterName: test.cluster}}
			if got := i.sessionName(tokens.Pod{Name: test.pod, UID: uid}); got != test.want {
				t.Errorf("got %s (%d)", got, len(got))
			}
		})
	}
}

// FuzzTheNameOfASessionIsAlwaysLegal holds STS's rule for whatever names are legal in Kubernetes and EKS.
func FuzzTheNameOfASessionIsAlwaysLegal(f *testing.F) {
	f.Add("green", "web-0", "0a1b2c3d-0000-4000-8000-000000000001")
	f.Add("g", "w", strings.Repeat("u", 128))
	f.Fuzz(func(t *testing.T, cluster, pod, uid string) {
		if !regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`).MatchString(cluster) ||
			!regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`).MatchString(pod) ||
			!regexp.MustCompile(`^[0-9a-z-]{1,128}$`).MatchString(uid) {
			return
		}
		i := Issuer{settings: Settings{ClusterName: cluster}}
		got := i.sessionName(tokens.Pod{Name: pod, UID: uid})
		if !regexp.MustCompile(`^[\w+=,.@-]{2,64}$`).MatchString(got) {
			t.Errorf("%q", got)
		}
	})
}
