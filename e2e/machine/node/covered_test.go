package node

import (
	"slices"
	"testing"
)

func TestOnlyDirectoriesBehindTheNodesOwnAreKept(t *testing.T) {
	got := covered("/var/lib/podidentity-e2e/demo", []string{
		"/root/.cache/podidentity/etcd", "/var/lib/ci/.cache/etcd", "/var/library/etcd", "/var/lib/ci/.cache/etcd", "/var/log/etcd",
	})
	want := []string{"/var/lib/podidentity-e2e/demo", "/var/lib/ci/.cache/etcd", "/var/log/etcd"}
	if !slices.Equal(got, want) {
		t.Errorf("covered = %v, want %v", got, want)
	}
}

func TestATailIsTheLastLines(t *testing.T) {
	for text, want := range map[string]string{"": "", "a\n": "a", "a\nb\nc\n": "b\nc", "a\n\nb": "\nb"} {
		if got := tail(text, 2); got != want {
			t.Errorf("tail of %q = %q, want %q", text, got, want)
		}
	}
}
