package release_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/images"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	minioImage = "localhost/podidentity/minio:e2e"
	// Public images of MinIO have it there too.
	minioDockerfile = "FROM scratch\nCOPY minio /usr/bin/minio\nUSER 65532:65532\n"
)

// quickstart runs the commands of the document but those that it marks: the cluster is there, with the images of the release and two that
// people pull.
func quickstart(t *testing.T, p *platform.Platform, dist string) {
	blocks, err := platform.Blocks("../../../docs/quickstart.md", "## The path")
	if err != nil {
		t.Fatal(err)
	}
	program, err := binaries.BuildHelm(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	loadMinIO(t, p)
	var commands strings.Builder
	for _, block := range blocks {
		if !block.Replaced {
			commands.WriteString(block.Commands)
		}
	}
	shell := platform.Shell{
		Cluster: p.Cluster, Dir: filepath.Dir(dist), More: []string{filepath.Dir(program)},
		Env: []string{"MINIO_IMAGE=" + minioImage, "CLI_IMAGE=" + p.CLIImage},
	}
	said, err := shell.Run(t.Context(), commands.String())
	if err != nil {
		t.Log(p.Do(t, "get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"))
		t.Fatal(err)
	}
	t.Log(said)
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " quickstart") {
		t.Error("the Job does not list its bucket")
	}
}

func loadMinIO(t *testing.T, p *platform.Platform) {
	t.Helper()
	programs, err := binaries.Build(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, archive := filepath.Join(dir, "Dockerfile"), filepath.Join(dir, "minio.tar")
	if err := os.WriteFile(file, []byte(minioDockerfile), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := images.Build(t.Context(), images.Image{Dockerfile: file, Context: programs.MinIO, Tag: minioImage}, archive); err != nil {
		t.Fatal(err)
	}
	if err := p.Cluster.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
}
