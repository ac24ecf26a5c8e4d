package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// `make push` and `make install` run in a copy of the project with small files in place of the binaries.
func TestWhatIsInstalledIsByDigestWhereItsPushIsKnown(t *testing.T) {
	host := privateRegistry(t)
	directory := checkout(t, []byte("a program"))
	copyOf(t, directory, "Makefile", "release")
	target := func(name, version string) {
		t.Helper()
		runMake(t, directory, name, "REGISTRY="+host+"/team", "VERSION="+version, "AUTH_FLAGS=--region=eu-central-1", "KUBECTL=true")
	}
	target("push", "v1")
	first := digestOf(t, host, "sidecar", "v1")
	place(t, directory, "bin/arm64/sidecar", []byte("another"), 0o700)
	target("push", "v1")
	if digestOf(t, host, "sidecar", "v1") == first {
		t.Fatal("the second push is the image of the first")
	}
	for version, reference := range map[string]func(image string) string{
		"v1": func(image string) string { return "@" + digestOf(t, host, image, "v1") },
		"v2": func(string) string { return ":v2" },
	} {
		target("install", version)
		objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(directory, "bin", "install"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := objects.AsYaml()
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

// privateRegistry is a registry on loopback that refuses whoever has not the credentials of docker login, and returns its host.
func privateRegistry(t *testing.T) (host string) {
	t.Helper()
	all := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "team" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		all.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	login := t.TempDir()
	// As docker login writes it.
	place(t, login, "config.json", fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte("team:secret"))), 0o600)
	t.Setenv("DOCKER_CONFIG", login)
	return host
}

// runMake makes no binaries.
func runMake(t *testing.T, directory string, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"--silent", "--directory=" + directory, "-o", "all-binaries"}, arguments...)...)
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v: %s", arguments[0], err, out)
	}
}

// digestOf asks the registry for an image, which must be there for both architectures.
func digestOf(t *testing.T, host, image, tag string) string {
	t.Helper()
	reference, err := name.ParseReference(host + "/team/" + image + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(reference, remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 2 {
		t.Fatalf("%s has %+v, %v", reference, manifest, err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
