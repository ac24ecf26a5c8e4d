package sbom_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/podidentity/podidentity/release/sbom"
)

func TestABillOfMaterialsHasEveryModuleAndGoItself(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "cacerts")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../cacerts").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := sbom.Of(binary, "webhook", "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(bom.SerialNumber) {
		t.Errorf("the serial number is %s", bom.SerialNumber)
	}
	if main := bom.Metadata.Component; main.Name != "webhook" || main.Version != "v1.2.3" || len(*main.Hashes) != 1 {
		t.Errorf("it describes %+v", main)
	}
	var urls []string
	for _, component := range *bom.Components {
		urls = append(urls, component.PackageURL)
		if component.Name != "std" && len((*component.Hashes)[0].Value) != 64 {
			t.Errorf("%s has no checksum", component.Name)
		}
	}
	for _, want := range []string{"pkg:golang/std@" + strings.TrimPrefix(runtime.Version(), "go"), "pkg:golang/golang.org/x/crypto/x509roots/fallback@v0"} {
		if !slices.ContainsFunc(urls, func(url string) bool { return strings.HasPrefix(url, want) }) {
			t.Errorf("%s is not among %q", want, urls)
		}
	}
	if references := *(*bom.Dependencies)[0].Dependencies; !slices.Equal(references, urls) {
		t.Errorf("it depends on %q, want %q", references, urls)
	}
}

func TestAFileThatGoHasNotBuiltIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sbom.Of(path, "webhook", "v1.2.3"); err == nil || !strings.Contains(err.Error(), "read from what webhook is built") {
		t.Errorf("got %v", err)
	}
}
