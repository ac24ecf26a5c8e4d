package render_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/podidentity/podidentity/release/render"
)

const manifests = "../../manifests"

func digests() map[string]string {
	return map[string]string{"webhook": "sha256:aa", "sidecar": "sha256:bb", "auth": "sha256:cc"}
}

// What a release has differs from a kustomization in nothing but what a release adds.
func TestAReleaseHasTheObjectsOfTheKustomizationWithItsImagesAndVersion(t *testing.T) {
	for file, directory := range render.Files() {
		t.Run(file, func(t *testing.T) {
			got, err := render.YAML(manifests, directory, "registry.example.com/team", "v1.2.3", digests())
			if err != nil {
				t.Fatal(err)
			}
			objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), manifests+"/"+directory)
			if err != nil {
				t.Fatal(err)
			}
			want, err := objects.AsYaml()
			if err != nil {
				t.Fatal(err)
			}
			const version = "app.kubernetes.io/version: v1.2.3\n"
			if labels := strings.Count(string(got), version); labels != objects.Size() {
				t.Errorf("%d of %d objects have the version", labels, objects.Size())
			}
			restored := strings.NewReplacer(
				"registry.example.com/team/webhook@sha256:aa", "podidentity/webhook:dev",
				"registry.example.com/team/sidecar@sha256:bb", "podidentity/sidecar:dev",
				"registry.example.com/team/auth@sha256:cc", "podidentity/auth:dev",
			).Replace(string(got))
			if a, b := lines(restored), lines(string(want)); !slices.Equal(a, b) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
		})
	}
}

// lines are those of a YAML text without the version, and without the labels of an object that has no other label.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); trimmed != "app.kubernetes.io/version: v1.2.3" && trimmed != "labels:" {
			all = append(all, line)
		}
	}
	return all
}

func TestEachOverlayIsReleasedOrAnExample(t *testing.T) {
	examples := []string{"auth", "demo", "demo-auth", "namespace", "policies"}
	entries, err := os.ReadDir(manifests + "/overlays")
	if err != nil {
		t.Fatal(err)
	}
	files := slices.Collect(maps.Values(render.Files()))
	for _, entry := range entries {
		if slices.Contains(examples, entry.Name()) == slices.Contains(files, "overlays/"+entry.Name()) {
			t.Errorf("overlays/%s: add it to render.Files, or to the examples here", entry.Name())
		}
	}
}

func TestAnImageThatTheDockerfileDoesNotHaveIsNamed(t *testing.T) {
	lacking := digests()
	delete(lacking, "auth")
	if _, err := render.YAML(manifests, "base", "r", "v1.2.3", lacking); err == nil || !strings.Contains(err.Error(), "the Dockerfile does not have: auth") {
		t.Errorf("got %v", err)
	}
}
