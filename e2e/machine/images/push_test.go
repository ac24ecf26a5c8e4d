package images

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
)

// `make push` and `make install` run in a directory with the project's own Makefile, Dockerfile and manifests, and with small files
// in place of the binaries.
func TestWhatIsInstalledIsByDigestWhereItsPushIsKnown(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	dir := checkout(t, host)
	programs, err := binaries.Build(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	target := func(name, version string) {
		t.Helper()
		runMake(t, dir, name, "REGISTRY="+host+"/team", "VERSION="+version, "AUTH_FLAGS=--region=eu-central-1", "KUBECTL=true")
	}
	target("push", "v1")
	first := digestOf(t, server.URL, "sidecar", "v1")
	replace(t, filepath.Join(dir, "bin", runtime.GOARCH, "sidecar"))
	target("push", "v1")
	if digestOf(t, server.URL, "sidecar", "v1") == first {
		t.Fatal("the second push is the image of the first")
	}
	for version, reference := range map[string]func(image string) string{
		"v1": func(image string) string { return "@" + digestOf(t, server.URL, image, "v1") },
		"v2": func(string) string { return ":v2" },
	} {
		target("install", version)
		text, err := exec.CommandContext(t.Context(), filepath.Join(programs.Kubernetes, "kubectl"), "kustomize", filepath.Join(dir, "bin", "install")).Output()
		if err != nil {
			t.Fatal(err)
		}
		for image, times := range map[string]int{"webhook": 2, "auth": 1, "sidecar": 2} {
			line := map[string]string{"sidecar": "- --image="}[image]
			if line == "" {
				line = "image: "
			}
			if want := line + host + "/team/" + image + reference(image) + "\n"; strings.Count(string(text), want) != times {
				t.Errorf("version %s: %q is not there %d times in\n%s", version, want, times, text)
			}
		}
	}
}

// checkout is what `make push` and `make install` need of the checkout.
func checkout(t *testing.T, host string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"Makefile", "Dockerfile", "manifests"} {
		if err := exec.CommandContext(t.Context(), "cp", "-r", filepath.Join("..", "..", "..", name), dir).Run(); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"bin/" + runtime.GOARCH + "/webhook": "webhook", "bin/" + runtime.GOARCH + "/sidecar": "sidecar", "bin/" + runtime.GOARCH + "/auth": "auth",
		"bin/ca-certificates.crt": "", "registries.conf": "[[registry]]\nlocation = \"" + host + "\"\ninsecure = true\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func replace(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// runMake makes no binaries, and leaves /var/lib alone.
func runMake(t *testing.T, dir string, args ...string) {
	t.Helper()
	builder := "BUILDER=buildah --root " + dir + "/root --runroot " + dir + "/run --storage-driver vfs"
	cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", buildScript, "push", dir, "make", "--silent", "-o", "binaries", "ARCH=" + runtime.GOARCH, builder}, args...)...)
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=", "TMPDIR="+dir, "BUILDAH_ISOLATION=chroot", "CONTAINERS_REGISTRIES_CONF="+dir+"/registries.conf")
	if err := run(t.Context(), cmd, "make "+args[0]); err != nil {
		t.Fatal(err)
	}
}

// digestOf asks the registry.
func digestOf(t *testing.T, url, image, tag string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, url+"/v2/team/"+image+"/manifests/"+tag, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // only read from
	digest := response.Header.Get("Docker-Content-Digest")
	if response.StatusCode != http.StatusOK || digest == "" {
		t.Fatalf("%s:%s: %s, %q", image, tag, response.Status, digest)
	}
	return digest
}
