package server_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/sidecar/server"
)

func TestAnAddressThatCannotBeHadIsNamedWithWhatToDo(t *testing.T) {
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	for name, test := range map[string]struct{ address, says string }{
		"another process has the port": {listener.Addr().String(), "choose another port with the annotation podidentity.dev/port"},
		// This address of RFC 5737 is nobody's, as 127.0.0.1 is in a pod whose interface lo is down.
		"no interface has the address": {"192.0.2.1:2711", "have its network bring up the interface lo"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := server.Listen(t.Context(), test.address); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v; it should say %q", err, test.says)
			}
		})
	}
}
