package kubelet_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/podidentity/podidentity/internal/kubelet"
)

const (
	warning = "Liveness probe warning: Probe terminated redirects, Response body: "
	refusal = "STS refuses role arn:aws:iam::111122223333:role/reader: AccessDenied"
)

func TestOnlyWhatASidecarSaysInALivenessProbeIsItsTrouble(t *testing.T) {
	for name, test := range map[string]struct{ message, want string }{
		"a warning over HTTP is":                      {warning + refusal + "\n", refusal},
		"the failure of a process is":                 {"Liveness probe failed: " + refusal, refusal},
		"one that the kubelet combined is":            {"(combined from similar events): " + warning + refusal, refusal},
		"a readiness probe is not":                    {"Readiness probe failed: " + refusal, ""},
		"a probe that did not reach it is not":        {`Liveness probe failed: Get "http://10.0.0.1:9411/livez": context deadline exceeded`, ""},
		"a process that took too long is not":         {`Liveness probe failed: command timed out: "/sidecar probe" timed out after 5s`, ""},
		"a back-off is not":                           {"Back-off restarting failed container", ""},
		"characters that steer a terminal are spaces": {warning + "a\x1b[31mb\u202ec", "a [31mb c"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := kubelet.Warning(test.message); got != test.want || ok != (test.want != "") {
				t.Errorf("it is %q, %v", got, ok)
			}
		})
	}
	if got, _ := kubelet.Warning(warning + strings.Repeat("ä", 1000)); len(got) > kubelet.MaxWarning+len("…") || !utf8.ValidString(got) {
		t.Errorf("a long one has %d bytes", len(got))
	}
}
