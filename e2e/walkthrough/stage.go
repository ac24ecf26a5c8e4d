// Package walkthrough plays the walk-through of EKS Pod Identity's article on a cluster: a Job lists a bucket with
// credentials it was never given, and whoever must not have them has none. The demo shows each step, the tests hold it.
package walkthrough

import (
	"context"
	"embed"
	"fmt"
	"io"
	"strings"
	"text/template"
)

// The names of the article.
const (
	namespace  = "eks-s3-example"
	unlabelled = "eks-s3-example-unlabelled"
	job        = "eks-s3-example"
	container  = "eks-s3-test"
	object     = "aws.png"
)

// Stage is where the walk-through is played: a cluster with the product installed, and an AWS to go with it.
type Stage struct {
	// Kubectl runs kubectl on the cluster and returns what it printed; the error has what it complained about.
	Kubectl func(ctx context.Context, stdin io.Reader, args ...string) (string, error)
	// RoleARN is the role that may list Bucket, RefusedRoleARN one that STS does not give.
	RoleARN, RefusedRoleARN string
	// Bucket holds aws.png.
	Bucket string
	// S3Endpoint is set where S3 is not Amazon's.
	S3Endpoint string
	// CLIImage has the AWS CLI and a shell's utilities.
	CLIImage string
	// AuthService is nil on a cluster that is somebody else's, whose pods shall not ask another service for the while.
	AuthService *AuthService
}

// AuthService is the auth service of a cluster.
type AuthService struct {
	// Use installs it, has pods that are created from then on ask it, and returns its address.
	Use func(ctx context.Context) (address string, err error)
	// Leave has pods that are created from then on ask STS.
	Leave func(ctx context.Context) error
}

//go:embed manifests
var manifests embed.FS

// apply renders a manifest with the stage's values and more, and applies it.
func (s *Stage) apply(ctx context.Context, file string, more any) error {
	text, err := render(file, more)
	if err != nil {
		return err
	}
	_, err = s.Kubectl(ctx, strings.NewReader(text), "apply", "-f", "-")
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
