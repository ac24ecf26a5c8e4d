package binaries

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// CertManager is cert-manager, which only the scenarios of its overlay need.
type CertManager struct {
	// Program runs its controllers and its CA injector, as the user of KUBECONFIG.
	Program string
	// CRDs is the directory of its CustomResourceDefinitions.
	CRDs string
}

// certManager has commands in modules of their own, which the Go module proxy does not have, so the command is ours. Its
// webhook is left out: it only refuses, and fills in, what the CRDs let pass and our overlay does not contain.
func certManager() module {
	return module{
		name: "certmanager", product: "github.com/cert-manager/cert-manager", title: "cert-manager", cold: "2 minutes",
		stamp: stampNothing, files: "deploy/crds",
	}
}

// BuildCertManager returns cert-manager, built if the cache does not hold it.
func BuildCertManager(ctx context.Context, log func(format string, args ...any)) (CertManager, error) {
	root, err := moduleDir(ctx)
	if err != nil {
		return CertManager{}, err
	}
	p, err := certManager().plan(root)
	if err != nil {
		return CertManager{}, err
	}
	dir, err := p.build(ctx, log)
	if err != nil {
		return CertManager{}, err
	}
	return CertManager{Program: filepath.Join(dir, p.programs()[0]), CRDs: filepath.Join(dir, path.Base(p.files))}, nil
}

// copyFiles copies what the programs need of the product's sources, which a build from Go's cache may not have downloaded.
func (p plan) copyFiles(ctx context.Context, dir string) error {
	if p.files == "" {
		return nil
	}
	text, err := run(ctx, p.dir, nil, "mod", "download", "-json", p.product)
	if err != nil {
		return fmt.Errorf("download the sources of %s: %w", p.title, err)
	}
	var sources struct{ Dir string }
	if err := json.Unmarshal([]byte(text), &sources); err != nil {
		return fmt.Errorf("find the sources of %s: %w", p.title, err)
	}
	if err := os.CopyFS(filepath.Join(dir, path.Base(p.files)), os.DirFS(filepath.Join(sources.Dir, filepath.FromSlash(p.files)))); err != nil {
		return fmt.Errorf("copy %s of %s: %w", p.files, p.title, err)
	}
	return nil
}
