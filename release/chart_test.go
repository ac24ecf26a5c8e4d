package main

import (
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

func TestTheChartOfARelease(t *testing.T) {
	out, err := released(t, checkout(t, program(t)))
	if err != nil {
		t.Fatal(err)
	}
	files := contents(t, out)
	zipped, err := gzip.NewReader(strings.NewReader(files["pod-identity-1.2.3.tgz"]))
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(zipped)
	if err != nil {
		t.Fatal(err)
	}
	chart := unpacked(t, string(archive))
	if got := chart["pod-identity/Chart.yaml"]; !strings.Contains(got, "\nversion: 1.2.3\n") || !strings.Contains(got, "\nappVersion: v1.2.3\n") {
		t.Errorf("Chart.yaml is\n%s", got)
	}
	for _, name := range []string{"webhook", "sidecar", "auth"} {
		_, digest, found := strings.Cut(chart["pod-identity/values.yaml"], "\n    "+name+": ")
		digest, _, _ = strings.Cut(digest, "\n")
		if !found || !strings.Contains(files["pod-identity.yaml"]+files["pod-identity-auth.yaml"], published+"/"+name+"@"+digest) {
			t.Errorf("the chart has %q of %s, and the manifests have not", digest, name)
		}
	}
	if !strings.Contains(chart["pod-identity/values.yaml"], "\n  registry: "+published+"\n") || chart["pod-identity/templates/crd.yaml"] == "" {
		t.Error("the chart lacks its registry, or its templates")
	}
}

func TestAChartWithoutTheLinesOfAReleaseIsRefused(t *testing.T) {
	if _, err := chartFile("Chart.yaml", "name: pod-identity\nappVersion: dev\n", published, "1.2.3", "v1.2.3", nil); err == nil || !strings.Contains(err.Error(), `the line "version: 0.0.0" once`) {
		t.Errorf("the error is %v", err)
	}
}
