package main

import (
	"strings"
	"testing"
)

func TestTheOldestServer(t *testing.T) {
	for name, test := range map[string]struct{ version, says string }{
		"1.30 has policies":                        {"v1.30.0", ""},
		"a distribution's suffix is passed over":   {"v1.37.2-eks-1a2b3c", ""},
		"1.29 has none of them and is refused":     {"v1.29.15+k3s1", "upgrade the cluster to Kubernetes 1.30"},
		"a version that cannot be read is refused": {"latest", "read the version of the API server"},
	} {
		t.Run(name, func(t *testing.T) {
			err := requireOldestServer(test.version)
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
