// Package walkthrough runs the walk-through of EKS Pod Identity's article on a cluster: a Job lists a bucket with
// credentials it was never given, and whoever must not have them has none. The demo shows each step, and a suite tests it.
package walkthrough

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/podidentity/podidentity/e2e/platform"
)

// The names of the article.
const (
	namespace  = "eks-s3-example"
	unlabelled = "eks-s3-example-unlabelled"
	job        = "eks-s3-example"
	container  = "eks-s3-test"
)

//go:embed manifests
var manifests embed.FS

// apply renders a manifest and applies it.
func apply(ctx context.Context, env *platform.Env, file string, values any) error {
	text, err := render(file, values)
	if err != nil {
		return err
	}
	_, err = env.Kubectl(ctx, strings.NewReader(text), "apply", "-f", "-")
	return err
}

func render(file string, values any) (string, error) {
	parsed, err := template.ParseFS(manifests, "manifests/"+file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, values); err != nil {
		return "", fmt.Errorf("render %s: %w", file, err)
	}
	return text.String(), nil
}
