// Package render makes of the kustomizations plain YAML that names the images of a release by digest.
package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Files are those of a release, each with its kustomization below manifests/. The other overlays are examples to copy, or the
// demo's.
func Files() map[string]string {
	return map[string]string{
		"pod-identity.yaml":              "base",
		"pod-identity-cert-manager.yaml": "overlays/cert-manager",
		"pod-identity-monitoring.yaml":   "overlays/monitoring",
		"pod-identity-auth.yaml":         "auth",
	}
}

// The operation test fails where the flag is another, rather than that an image of a release would run with a sidecar of none.
const kustomization = `resources: [manifests/%[1]s]
images:
  - {name: podidentity/webhook, newName: %[2]s/webhook, digest: "%[4]s"}
  - {name: podidentity/auth, newName: %[2]s/auth, digest: "%[5]s"}
labels: [{pairs: {app.kubernetes.io/version: "%[3]s"}}]
patches:
  - target: {kind: Deployment, labelSelector: app.kubernetes.io/name=pod-identity-webhook}
    patch: |-
      - {op: test, path: /spec/template/spec/containers/0/args/1, value: --image=podidentity/sidecar:dev}
      - {op: replace, path: /spec/template/spec/containers/0/args/1, value: "--image=%[2]s/sidecar@%[6]s"}
`

// YAML renders a kustomization of the directory manifests.
func YAML(manifests, directory, registry, version string, digests map[string]string) ([]byte, error) {
	for _, image := range []string{"webhook", "auth", "sidecar"} {
		if digests[image] == "" {
			return nil, errors.New("the manifests name an image that the Dockerfile does not have: " + image)
		}
	}
	files := filesys.MakeFsInMemory()
	if err := load(files, manifests); err != nil {
		return nil, fmt.Errorf("read the manifests: %w", err)
	}
	text := fmt.Sprintf(kustomization, directory, registry, version, digests["webhook"], digests["auth"], digests["sidecar"])
	if err := files.WriteFile("/kustomization.yaml", []byte(text)); err != nil {
		return nil, fmt.Errorf("write the kustomization of the release: %w", err)
	}
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/")
	if err != nil {
		return nil, fmt.Errorf("render manifests/%s: %w", directory, err)
	}
	rendered, err := objects.AsYaml()
	if err != nil {
		return nil, fmt.Errorf("render manifests/%s: %w", directory, err)
	}
	return rendered, nil
}

// load reads the manifests, so that a kustomization can stand beside them that is not in the checkout.
func load(files filesys.FileSystem, manifests string) error {
	root := os.DirFS(manifests)
	return fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		return files.WriteFile("/manifests/"+name, text)
	})
}
