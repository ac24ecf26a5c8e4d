package contract_test

import (
	"testing"

	"github.com/podidentity/podidentity/contract"
)

func TestATokenOfAContainerTellsNothingOfAnother(t *testing.T) {
	seen := map[string]string{"pod": "the pod's"}
	for _, pod := range []string{"pod", "another pod"} {
		for _, name := range []string{"a", "b", "ab", ""} {
			token := contract.ContainerToken(pod, name)
			if again := contract.ContainerToken(pod, name); again != token || len(token) != 64 {
				t.Errorf("%q of %q has %q and then %q", name, pod, token, again)
			}
			if other, is := seen[token]; is {
				t.Errorf("%q of %q has the token of %s", name, pod, other)
			}
			seen[token] = name + " of " + pod
		}
	}
}
