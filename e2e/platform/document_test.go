package platform_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

const page = "# Page\n\n```sh\nnot below\n```\n\n## Install\n\nFirst.\n\n```sh\necho 1\n# a comment\necho 2\n```\n\n### More\n\n" +
	"<!-- replaced in the test: a registry -->\n```sh\npull\n```\n\n```yaml\nno: commands\n```\n\n```sh\necho 3\n```\n\n## Remove\n\n```sh\nrm\n```\n"

func TestBlocksAreThoseBelowTheHeadingInTheirOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := platform.Blocks(file, "## Install")
	if err != nil {
		t.Fatal(err)
	}
	want := []platform.Block{{Commands: "echo 1\n# a comment\necho 2\n"}, {Commands: "pull\n", Replaced: true}, {Commands: "echo 3\n"}}
	if !slices.Equal(got, want) {
		t.Errorf("the blocks are %+v, want %+v", got, want)
	}
	if _, err := platform.Blocks(file, "## Upgrade"); err == nil || !strings.Contains(err.Error(), `no heading "## Upgrade"`) {
		t.Errorf("a heading that is not there: %v", err)
	}
}
