package attack_test

import (
	"strings"
	"testing"
)

// forged has a user who may patch all pods of a namespace try to be another one to the sidecar.
func (s *suite) forged(t *testing.T) {
	identity := func() string {
		return s.Do(t, "get", "pod", "--namespace=others", victim, `--output=jsonpath={.metadata.annotations.podidentity\.dev/identity}`)
	}
	before := identity()
	for name, patch := range map[string]string{
		"an identity":             `{"metadata": {"annotations": {"podidentity.dev/identity": "{\"roleARN\": \"arn:aws:iam::111122223333:role/admin\"}"}}}`,
		"no identity":             `{"metadata": {"annotations": {"podidentity.dev/identity": null}}}`,
		"the label":               `{"metadata": {"labels": {"podidentity.dev/injected": null}}}`,
		"an image of their own":   `{"spec": {"initContainers": [{"name": "pod-identity", "image": "registry.example.com/other"}]}}`,
		"a CA for the auth's TLS": `{"metadata": {"annotations": {"podidentity.dev/auth-ca": "forged"}}}`,
	} {
		_, err := s.Kubectl(t.Context(), nil, "patch", "pod", "--namespace=others", victim, "--patch="+patch, "--as=system:serviceaccount:attacker:mallory")
		if err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
			t.Errorf("%s is not refused by a policy: %v", name, err)
		}
	}
	// What they may do.
	s.Do(t, "label", "pod", "--namespace=others", victim, "team=green", "--as=system:serviceaccount:attacker:mallory")
	if now := identity(); now != before {
		t.Errorf("the identity was %s, and is %s", before, now)
	}
}
