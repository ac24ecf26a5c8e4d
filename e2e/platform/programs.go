package platform

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/images"
)

// LoadPrograms builds commands of this module, such as "suites/attack/reader", and loads an image that has them in its root.
func (p *Platform) LoadPrograms(t *testing.T, image string, packages ...string) {
	t.Helper()
	dir := t.TempDir()
	var programs []string
	for _, pkg := range packages {
		name := path.Base(pkg)
		if err := binaries.Static(t.Context(), filepath.Join(dir, name), pkg); err != nil {
			t.Fatal(err)
		}
		programs = append(programs, name)
	}
	file, archive := filepath.Join(dir, "Dockerfile"), filepath.Join(dir, "image.tar")
	dockerfile := fmt.Sprintf("FROM scratch\nCOPY %s /\nUSER 65532:65532\n", strings.Join(programs, " "))
	if err := os.WriteFile(file, []byte(dockerfile), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := images.Build(t.Context(), images.Image{Dockerfile: file, Context: dir, Tag: image}, archive); err != nil {
		t.Fatal(err)
	}
	if err := p.Cluster.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
}
