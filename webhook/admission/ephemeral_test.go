package admission_test

import (
	"strings"
	"testing"
)

const injectedPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{
	"initContainers":[{"name":"pod-identity","restartPolicy":"Always","args":["--listen=127.0.0.1:2712"]}],
	"containers":[{"name":"app"}],"ephemeralContainers":[%s]}}`

// debugReview is what the API server sends for `kubectl debug`.
func debugReview(before, after string) string {
	return reviewWith(`"operation":"UPDATE","subResource":"ephemeralcontainers",` +
		`"object":` + strings.Replace(injectedPod, "%s", after, 1) + `,"oldObject":` + strings.Replace(injectedPod, "%s", before, 1))
}

func TestContainersOfKubectlDebugGetTheCredentialsOfTheirPod(t *testing.T) {
	for name, test := range map[string]struct {
		before, after string
		patched       []string // paths
		warning       string
	}{
		"a new container gets environment and mount":     {``, `{"name":"d"}`, []string{"/0/env", "/0/volumeMounts"}, ""},
		"an existing one is not changed":                 {`{"name":"d"}`, `{"name":"d"}`, nil, ""},
		"the second of two is new":                       {`{"name":"d"}`, `{"name":"d"},{"name":"e"}`, []string{"/1/env", "/1/volumeMounts"}, ""},
		"one with credentials of its own gets a warning": {``, `{"name":"d","env":[{"name":"AWS_PROFILE","value":"me"}]}`, nil, "AWS_PROFILE"},
	} {
		t.Run(name, func(t *testing.T) {
			response, entries := review(t, debugReview(test.before, test.after))
			patch := string(response.Patch)
			if !response.Allowed || strings.Count(patch, `"op"`) != len(test.patched) {
				t.Errorf("got %+v with %s", response, patch)
			}
			for _, path := range test.patched {
				if !strings.Contains(patch, `"path":"/spec/ephemeralContainers`+path+`"`) {
					t.Errorf("nothing at %s: %s", path, patch)
				}
			}
			if len(test.patched) > 0 && !strings.Contains(patch, "http://127.0.0.1:2712/") {
				t.Errorf("not the port of the sidecar: %s", patch)
			}
			if got := strings.Join(response.Warnings, "\n"); !strings.Contains(got, test.warning) || (test.warning == "") != (got == "") {
				t.Errorf("warnings %q", got)
			}
			if len(entries.Entries) != 1 {
				t.Errorf("%d log lines for one admission", len(entries.Entries))
			}
		})
	}
}

func TestKubectlDebugOfAPodWithoutSidecarChangesNothing(t *testing.T) {
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"app"}],"ephemeralContainers":[{"name":"d"}]}}`
	response, _ := review(t, reviewWith(`"operation":"UPDATE","subResource":"ephemeralcontainers","object":`+pod+`,"oldObject":`+pod))
	if !response.Allowed || response.Patch != nil {
		t.Errorf("got %+v with %s", response, response.Patch)
	}
}
