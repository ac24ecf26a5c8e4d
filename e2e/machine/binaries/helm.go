package binaries

import (
	"context"
	"path/filepath"
)

// helm is the command of Helm, which only the scenarios of the chart need.
func helm() module {
	return module{name: "helm", product: "helm.sh/helm/v4", title: "Helm", cold: "2 minutes", stamp: stampNothing}
}

// BuildHelm returns the path of Helm, built if the cache does not hold it.
func BuildHelm(ctx context.Context, log func(format string, args ...any)) (string, error) {
	root, err := moduleDir(ctx)
	if err != nil {
		return "", err
	}
	p, err := helm().plan(root)
	if err != nil {
		return "", err
	}
	dir, err := p.build(ctx, log)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, p.programs()[0]), nil
}
