package attack_test

import (
	"net"
	"strconv"
	"testing"
)

// installAuth installs the auth service, and a pod that asks it for sessions. The pods that run go on with STS.
func (s *suite) installAuth(t *testing.T) {
	t.Helper()
	address, err := s.UseAuthService(t.Context(), "manifests/overlays/demo-auth")
	if err != nil {
		t.Fatal(err)
	}
	ca := s.Do(t, "get", "configmap", "--namespace=pod-identity", "pod-identity-auth-ca", `--output=jsonpath={.data.ca\.crt}`)
	s.ApplyTemplate(t, "asker.yaml", map[string]string{"Image": image, "Host": net.JoinHostPort(address, "443"), "CA": strconv.Quote(ca)})
	s.Do(t, "wait", "--namespace=others", "--for=condition=Ready", "pod/"+asker, "--timeout=2m")
	s.addresses[asker] = s.address(t, "others/"+asker)
}
