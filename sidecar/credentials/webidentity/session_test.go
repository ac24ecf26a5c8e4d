package webidentity_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

func TestSessionName(t *testing.T) {
	long := strings.Repeat("p", 253)
	namespace := strings.Repeat("n", 63)
	for name, test := range map[string]struct {
		pod  webidentity.Pod
		want string
	}{
		"a pod is named with its namespace":                     {webidentity.Pod{Name: "web-0", Namespace: "shop"}, "web-0@shop"},
		"a name with dots is kept":                              {webidentity.Pod{Name: "node.example.com", Namespace: "a"}, "node.example.com@a"},
		"64 characters fit":                                     {webidentity.Pod{Name: long[:59], Namespace: "shop"}, long[:59] + "@shop"},
		"65 characters are cut":                                 {webidentity.Pod{Name: long[:60], Namespace: "shop"}, long[:50] + "=DIGEST@shop"},
		"a long namespace leaves room for the pod":              {webidentity.Pod{Name: long, Namespace: namespace}, long[:30] + "=DIGEST@" + namespace[:24]},
		"a short pod leaves room for the namespace":             {webidentity.Pod{Name: "p", Namespace: namespace}, "p=DIGEST@" + namespace[:53]},
		"outside a pod the session has the name of the product": {webidentity.Pod{}, "pod-identity"},
	} {
		t.Run(name, func(t *testing.T) {
			got := webidentity.SessionName(test.pod)
			want := "^" + strings.ReplaceAll(regexp.QuoteMeta(test.want), "DIGEST", "[0-9a-f]{8}") + "$"
			if !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestTruncatedSessionNamesDiffer(t *testing.T) {
	long := strings.Repeat("p", 100)
	seen := map[string]bool{}
	for _, pod := range []webidentity.Pod{
		{Name: long + "a", Namespace: "n", UID: "1"},
		{Name: long + "b", Namespace: "n", UID: "1"},
		{Name: long + "a", Namespace: "m", UID: "1"},
		{Name: long + "a", Namespace: "n", UID: "2"},
	} {
		seen[webidentity.SessionName(pod)] = true
	}
	if len(seen) != 4 {
		t.Errorf("four pods have the names %v", seen)
	}
}

func FuzzSessionName(f *testing.F) {
	f.Add("web-0", "shop")
	f.Add("a.b.c", strings.Repeat("n", 63))
	legal := regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)
	label := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	valid := regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	f.Fuzz(func(t *testing.T, pod, namespace string) {
		if !legal.MatchString(pod) || !label.MatchString(namespace) {
			return
		}
		if got := webidentity.SessionName(webidentity.Pod{Name: pod, Namespace: namespace}); !valid.MatchString(got) {
			t.Errorf("%q, for pod %q in %q, is not valid in STS", got, pod, namespace)
		}
	})
}
