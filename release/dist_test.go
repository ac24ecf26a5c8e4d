package main

import (
	"archive/tar"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestTheSameSourcesMakeTheSameReleaseInAnyDirectory(t *testing.T) {
	binary := program(t)
	key := keyFile(t)
	var made []map[string]string
	for _, mode := range []os.FileMode{0o755, 0o700} {
		directory := checkout(t, binary)
		for _, name := range []string{"bin/amd64/webhook", "bin/arm64/sidecar"} {
			path := filepath.Join(directory, name)
			if err := errors.Join(os.Chmod(path, mode), os.Chtimes(path, time.Time{}, time.Unix(int64(mode), 0))); err != nil {
				t.Fatal(err)
			}
		}
		out, err := released(t, directory, "--key="+key)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, contents(t, out))
	}
	if !maps.Equal(made[0], made[1]) {
		for name := range made[0] {
			if made[0][name] != made[1][name] {
				t.Errorf("%s differs", name)
			}
		}
	}
}

func keyFile(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsInARelease(t *testing.T) {
	out, err := released(t, checkout(t, program(t)))
	if err != nil {
		t.Fatal(err)
	}
	files := contents(t, out)
	published := slices.Sorted(maps.Keys(files))
	published = slices.DeleteFunc(published, func(name string) bool { return strings.HasPrefix(name, "images/") })
	want := []string{
		"SHA256SUMS",
		"auth-linux-amd64.cdx.json", "auth-linux-arm64.cdx.json",
		"kubectl-pod_identity-darwin-amd64", "kubectl-pod_identity-darwin-amd64.cdx.json",
		"kubectl-pod_identity-darwin-arm64", "kubectl-pod_identity-darwin-arm64.cdx.json",
		"kubectl-pod_identity-linux-amd64", "kubectl-pod_identity-linux-amd64.cdx.json",
		"kubectl-pod_identity-linux-arm64", "kubectl-pod_identity-linux-arm64.cdx.json",
		"pod-identity-1.2.3.tgz",
		"pod-identity-auth.yaml", "pod-identity-cert-manager.yaml", "pod-identity-monitoring.yaml", "pod-identity.tar", "pod-identity.yaml",
		"sidecar-linux-amd64.cdx.json", "sidecar-linux-arm64.cdx.json",
		"webhook-linux-amd64.cdx.json", "webhook-linux-arm64.cdx.json",
	}
	if !slices.Equal(published, want) {
		t.Errorf("got %q, want %q", published, want)
	}
	t.Run("has a checksum for each file", func(t *testing.T) {
		check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
		check.Dir = out
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
		if lines := strings.Count(files["SHA256SUMS"], "\n"); lines != len(want)-1 {
			t.Errorf("%d checksums, want %d", lines, len(want)-1)
		}
	})
	t.Run("has valid images for both architectures, by tag and by the digest that the manifests name", func(t *testing.T) {
		assertLayout(t, filepath.Join(out, "images"), files["pod-identity.yaml"]+files["pod-identity-auth.yaml"])
	})
	t.Run("has all of the layout and the manifests in its bundle", func(t *testing.T) {
		bundled := map[string]string{}
		for name, content := range files {
			switch layoutFile, ok := strings.CutPrefix(name, "images/"); {
			case ok:
				bundled[layoutFile] = content
			case strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".tgz"):
				bundled["manifests/"+name] = content
			}
		}
		if got := unpacked(t, files["pod-identity.tar"]); !maps.Equal(got, bundled) {
			t.Errorf("got %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(bundled)))
		}
	})
}

func assertLayout(t *testing.T, directory, manifests string) {
	t.Helper()
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	all, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var names, want []string
	for i, descriptor := range all.Manifests {
		names = append(names, descriptor.Annotations["io.containerd.image.name"])
		image := published + "/" + []string{"sidecar", "webhook", "auth"}[i/2]
		byDigest := image + "@" + descriptor.Digest.String()
		want = append(want, []string{image + ":v1.2.3", byDigest}[i%2])
		if !strings.Contains(manifests, byDigest) {
			t.Errorf("no manifest names %s", byDigest)
		}
		platforms, err := index.ImageIndex(descriptor.Digest)
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := platforms.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(manifest.Manifests) != 2 || manifest.Manifests[0].Platform.String() != "linux/amd64" || manifest.Manifests[1].Platform.String() != "linux/arm64" {
			t.Errorf("%s is for %+v", image, manifest.Manifests)
		}
	}
	if len(names) != 6 || !slices.Equal(names, want) {
		t.Errorf("the images are %q, want %q", names, want)
	}
}

func unpacked(t *testing.T, archive string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for content := tar.NewReader(strings.NewReader(archive)); ; {
		header, err := content.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		all[header.Name] = string(text)
	}
}

func TestAWrongOptionIsNamedWithItsRemedy(t *testing.T) {
	directory := checkout(t, []byte("no program"))
	for sentence, test := range map[string]struct {
		argument, want string
	}{
		"a version without its parts":    {"--version=v1", "VERSION is v1: name that of the release, such as VERSION=v0.1.0"},
		"a version without its v":        {"--version=1.2.3", "VERSION is 1.2.3: name that"},
		"no registry":                    {"--registry=", "--version, --registry and --architectures must not be empty"},
		"an architecture without binary": {"--architectures=s390x", "build the image of sidecar for s390x: read what make binaries makes"},
		"an argument":                    {"more", "more is no flag"},
		"a binary that is none":          {"--version=v1.2.3", "read from what sidecar is built"},
		"a release that is there":        {"--out=" + directory, "a release begins with an empty directory"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if _, err := released(t, directory, test.argument); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
