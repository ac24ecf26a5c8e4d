package plugin_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// no precedes why a row has no scenario.
const no = "no: "

// over is of faults of which nothing is left to be found.
const over = no + "it is over within seconds, and nothing is left to find"

// rowsOfTroubleshooting are the rows of docs/troubleshooting.md by the beginning of their first cell, and the scenario in which check names the cause.
func rowsOfTroubleshooting() map[string]string {
	const sidecarTests = no + "it cannot be made here; the tests of sidecar make it say this, and those of plugin/check have the line"
	const containers = no + "no scenario has roles for containers; the tests of sidecar make it say this, and words.go of plugin/check has the line"
	return map[string]string{
		"`… gives roles to containers, which this pod cannot tell apart":                   containers,
		"`the container has an association and no authorization token`":                    containers,
		"`replaced the authorization tokens":                                               containers,
		"no annotation `podidentity.dev/status`":                                           "the namespace has no label",
		"event `NotInjected`":                                                              olderThanTheLabel,
		"`podidentity.dev/status: skipped: ...`":                                           "the pod uses hostNetwork",
		"event `Outdated`":                                                                 no + "it takes a sidecar of an older release; the tests of plugin/check have the line",
		"`podidentity.dev/status: injected: no credentials until a PodIdentityAssociation": "nothing gives an identity",
		"`podidentity.dev/status: injected: the application has the token":                 "the pod has a token of its own",
		"`Init:0/1` for more than a few seconds":                                           "STS does not answer",
		"`failed calling webhook":                                                          "nothing runs, and a caBundle is empty",
		"`ValidatingAdmissionPolicy 'pod-identity-…'":                                      no + "the API server says the cause to who changes the object, and keeps nothing of it",
		"the same of a PodIdentityAssociation":                                             no + "the API server says the cause to who writes it, and keeps nothing of it",
		"the log of the webhook says `ValidatingAdmissionPolicy 'pod-identity-webhook'":    no + "check names the pods that have another identity than they should, and the log of the webhook the cause; no such webhook runs here",
		"the pod is refused by a LimitRange or a ResourceQuota":                            "the pods of a Deployment are refused by a quota",
		"`no PodIdentityAssociation gives an IAM role":                                     "nothing gives an identity",
		"`STS refuses role …: AccessDenied":                                                "STS refuses the role",
		"`… refuses: AccessDeniedException":                                                "the auth service refuses the role",
		"`… InvalidIdentityToken":                                                          sidecarTests,
		"`… Throttling":                                                                    "STS throttles",
		"`STS … cannot be reached":                                                         "STS cannot be reached",
		"`STS … is not trusted":                                                            "STS is not trusted",
		"`the credentials received expired at":                                             sidecarTests,
		"`the exchange cannot be started":                                                  sidecarTests,
		"`the exchange was ended by a signal, killed":                                      sidecarTests,
		"`the exchange was ended: …`":                                                      sidecarTests,
		"`another process of this pod listens on":                                          sidecarTests,
		"`another process of this pod has listened on":                                     sidecarTests,
		"`this pod has no address to listen on":                                            sidecarTests,
		"`the response has more than 8000 bytes`":                                          sidecarTests,
		"401, and `refused a request":                                                      no + "it is in the log of the sidecar alone, which kubectl pod-identity logs prints",
		"403 `Forbidden`":                                                                  no + "only the application sees it",
		"`Unable to locate credentials`":                                                   "a container is skipped",
		"the pod's status says `keeps its own AWS credentials":                             "static keys win",
		"it uses another role":                                                             "one of two containers keeps keys",
		"`NoAuthWithAWSException` of Hadoop's S3A":                                         no + "only the application sees it",
		"it looks for the instance metadata service":                                       no + "nothing is wrong with it",
		"`IssuerUnfit`, `podidentity_issuer_unpublished_keys`":                             no + "the issuer of this cluster is its API server, which publishes its own keys",
		"`IssuerUnfit` names two issuers":                                                  no + "the issuer of this cluster is its API server, which publishes its own keys",
		"`IssuerUnreadable`, `podidentity_issuer_unreadable`":                              "the issuer is watched, and cannot be read",
	}
}

// faultsOfChaos are the rows of docs/faults.md, which are the faults of e2e/suites/chaos, likewise.
func faultsOfChaos() map[string]string {
	const apiServer = no + "without the API server check cannot look, and ends with 2"
	return map[string]string{
		"nothing": no + "it is no fault",
		"certificate of the server renewed, in each replica": over,
		"CA deleted, and replaced everywhere":                over,
		"CA damaged, and replaced everywhere":                over,
		"caBundle emptied, in either configuration":          "nothing runs, and a caBundle is empty",
		"caBundle of somebody else, in either configuration": "nothing runs, and a caBundle is somebody else's",
		"either configuration deleted, and applied again":    "the configuration of the primary is gone",
		"rolling update":                                             over,
		"scaled from 2 to 4 and back":                                over,
		"every replica evicted, as by a drain":                       over,
		"a replica deleted without grace":                            over,
		"a replica killed (SIGKILL)":                                 over,
		"the leader killed (SIGKILL)":                                over,
		"the leader stopped (SIGSTOP), until another one leads":      over,
		"somebody else takes the lease and never renews it":          "somebody else holds the lease",
		"a replica stopped for 10 s (SIGSTOP)":                       over,
		"both Deployments deleted, and created again":                "a Deployment is gone",
		"500 associations created at once":                           over,
		"500 associations edited at once":                            over,
		"the CRD deleted for 10 s, and applied again":                "the definition is gone",
		"a LimitRange comes, and goes":                               "a LimitRange leaves no room",
		"the kubelet restarts while a pod waits for its credentials": over,
		"etcd paused for 10 s":                                       apiServer,
		"API server killed and started again":                        apiServer,
		"API server away for a minute":                               apiServer,
		"STS does not answer":                                        "STS does not answer",
		"STS refuses everybody":                                      "STS refuses everybody",
		"an edit to a role that STS does not give":                   "STS refuses the role",
		"a sidecar is killed while STS does not answer":              "STS does not answer",
		"a role is mended before the first credentials":              over,
		"removes the sidecar":                                        "something removed the sidecar",
		"moves it behind another init container":                     no + "the pod has its credentials, only later than that container",
		"changes its image":                                          "another container has the name of the sidecar",
		"removes the variables of applications":                      no + "no such webhook runs here; the tests of plugin/check have the line",
	}
}

func TestEveryRowAndEveryFaultHasAScenarioOrAReasonWhyNot(t *testing.T) {
	scenarios := []string{"the auth service refuses the role", "the pods of a Deployment are refused by a quota"}
	for name := range scenes("", "", "") {
		scenarios = append(scenarios, name)
	}
	for _, f := range faults() {
		scenarios = append(scenarios, f.name)
	}
	for _, f := range endpointFaults() {
		scenarios = append(scenarios, f.name)
	}
	for document, known := range map[string]map[string]string{"troubleshooting.md": rowsOfTroubleshooting(), "faults.md": faultsOfChaos()} {
		rows := firstCells(t, "../../../docs/"+document)
		for row, scenario := range known {
			if !strings.HasPrefix(scenario, no) && !slices.Contains(scenarios, scenario) {
				t.Errorf("%s: there is no scenario %q", document, scenario)
			}
			if !slices.ContainsFunc(rows, func(cell string) bool { return strings.HasPrefix(cell, row) }) {
				t.Errorf("%s has no row that begins with %s", document, row)
			}
		}
		for _, cell := range rows {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(row string) bool { return strings.HasPrefix(cell, row) }) {
				t.Errorf("%s: no scenario is named for the row %s", document, cell)
			}
		}
	}
}

// firstCells are those of all tables of a document, without their titles.
func firstCells(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cells []string
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(next, "|---") {
			continue
		}
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		cells = append(cells, strings.TrimSuffix(cell, " *"))
	}
	return cells
}
