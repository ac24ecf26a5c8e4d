package admission_test

import (
	"slices"
	"strings"
	"testing"

	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// agentAlone gives an identity to the container agent, if that is asked for.
type agentAlone struct{ identities }

func (agentAlone) Identities(_ association.ServiceAccount, containers []string) (ids contract.Identities) {
	if slices.Contains(containers, "agent") {
		ids.Containers = []contract.Identity{{Container: "agent", RoleARN: "arn:aws:iam::111122223333:role/agent"}}
	}
	return ids
}

// The sidecar of the first pass is not told of the container that another webhook has added since.
func TestAContainerThatWasAddedSinceTheFirstPassGetsTheRoleThatItHasForItself(t *testing.T) {
	log, _ := logrustest.NewNullLogger()
	h := handler(t, log)
	h.Identities = agentAlone{}
	answer := post(t, h, "application/json", strings.NewReader(reviewOf(`{"metadata": {"name": "p"}, "spec": {
		"initContainers": [{"name": "pod-identity", "image": "sidecar:v1", "restartPolicy": "Always", "env": [{"name": "CONTAINERS", "value": "app"}]}],
		"containers": [{"name": "app"}, {"name": "agent"}]}}`)))
	if patch := string(answer.Response.Patch); !strings.Contains(patch, "role/agent") || !strings.Contains(patch, "app,agent") {
		t.Errorf("the patch is %s", patch)
	}
}
