package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Existing is the cluster of KUBECONFIG, on which the product is installed already. What only its owner can
// know comes from the environment; all that is missing there is said at once.
func Existing(ctx context.Context, getenv func(string) string) (*Env, error) {
	env := &Env{
		Kubectl:        kubectl,
		RoleARN:        getenv("ROLE_ARN"),
		RefusedRoleARN: "arn:aws:iam::111122223333:role/does-not-exist",
		Bucket:         getenv("BUCKET"),
		S3Endpoint:     getenv("S3_ENDPOINT"),
		CLIImage:       getenv("CLI_IMAGE"),
	}
	if refused := getenv("REFUSED_ROLE_ARN"); refused != "" {
		env.RefusedRoleARN = refused
	}
	if err := errors.Join(checkKubeconfig(getenv("KUBECONFIG")), env.validate()); err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("kubectl"); err != nil {
		return nil, errors.New("kubectl is not installed: install it, or unset KUBECONFIG to use a cluster that is built here")
	}
	if _, err := env.Kubectl(ctx, nil, "version", "--request-timeout=10s"); err != nil {
		return nil, fmt.Errorf("reach the cluster of KUBECONFIG: %w; correct KUBECONFIG, or unset it to use a cluster that is built here", err)
	}
	if _, err := env.Kubectl(ctx, nil, "get", "deployment", "--namespace=pod-identity", "pod-identity-webhook"); err != nil {
		return nil, fmt.Errorf("find the product on the cluster of KUBECONFIG: %w; run make install first", err)
	}
	return env, nil
}

// checkKubeconfig complains about files that are not there: kubectl passes them over and asks a server on this machine.
func checkKubeconfig(list string) error {
	var missing []error
	for _, file := range filepath.SplitList(list) {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, fmt.Errorf("KUBECONFIG names a file that cannot be read: %w; correct it, or unset it to use a cluster that is built here", err))
		}
	}
	return errors.Join(missing...)
}

func (e *Env) validate() error {
	var missing []error
	for _, of := range []struct{ name, value, remedy string }{
		{"ROLE_ARN", e.RoleARN, "the role that may list the bucket, and that trusts service account eks-s3-example/eks-s3-example-iam-role-sa"},
		{"BUCKET", e.Bucket, "a bucket that holds " + Object},
		{"CLI_IMAGE", e.CLIImage, "an image with the AWS CLI that the cluster can pull"},
	} {
		if of.value == "" {
			missing = append(missing, fmt.Errorf("%s is not set: this would run on the cluster of KUBECONFIG; set it to %s, or unset KUBECONFIG", of.name, of.remedy))
		}
	}
	return errors.Join(missing...)
}

func kubectl(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "kubectl", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
