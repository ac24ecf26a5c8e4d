package podidentity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/auth/api"
	"github.com/podidentity/podidentity/internal/bounded"
	"github.com/podidentity/podidentity/webhook/admission"
)

func TestTheBoundsInTheSecurityPageAreThoseOfTheServers(t *testing.T) {
	page := strings.ReplaceAll(documents(t)[securityPage], "1,000", "1000")
	for server, limits := range map[string]bounded.Limits{"webhook": admission.ServerLimits(), "auth service": api.ServerLimits()} {
		row := fmt.Sprintf("\n| %s | %d, %d | %d KiB | %.0f s, %.0f s |",
			server, limits.Connections, limits.PeerConnections, limits.HeaderBytes>>10, limits.Read.Seconds(), limits.Write.Seconds())
		if !strings.Contains(page, row) {
			t.Errorf("%s lacks %q", securityPage, row)
		}
	}
}
