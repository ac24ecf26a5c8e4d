package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestThePluginIsReleasedForThePlatformsThatAreNamed(t *testing.T) {
	o, err := parse([]string{"dist", "--checkout=" + checkout(t, program(t)), "--out=" + t.TempDir(), "--registry=" + published, "--version=v1.2.3", "--plugins=darwin/arm64 linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	if err := writePlugins(o); err != nil {
		t.Fatal(err)
	}
	files := contents(t, o.out)
	for _, platform := range []string{"darwin/arm64", "linux/amd64"} {
		name := "kubectl-pod_identity-" + strings.ReplaceAll(platform, "/", "-")
		if !strings.HasSuffix(files[name], "plugin for "+platform) {
			t.Errorf("%s is not the plugin for %s", name, platform)
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(files[name]))); !strings.Contains(files[name+".cdx.json"], sum) {
			t.Errorf("%s.cdx.json is of another binary", name)
		}
	}
	if len(files) != 4 {
		t.Errorf("the files are %q", slices.Sorted(maps.Keys(files)))
	}
	o.plugins = []string{"linux/s390x"}
	if err := writePlugins(o); err == nil || !strings.Contains(err.Error(), "read what make plugin makes for linux/s390x") {
		t.Errorf("got %v", err)
	}
}
