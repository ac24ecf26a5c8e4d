package walkthrough

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

// Existing is a stage on the cluster of KUBECONFIG, on which the product is installed already. What only its owner can
// know comes from the environment; all that is missing there is said at once.
func Existing(ctx context.Context, getenv func(string) string) (*Stage, error) {
	stage := &Stage{
		Kubectl:        kubectl,
		RoleARN:        getenv("ROLE_ARN"),
		RefusedRoleARN: "arn:aws:iam::111122223333:role/does-not-exist",
		Bucket:         getenv("BUCKET"),
		S3Endpoint:     getenv("S3_ENDPOINT"),
		CLIImage:       getenv("CLI_IMAGE"),
	}
	if refused := getenv("REFUSED_ROLE_ARN"); refused != "" {
		stage.RefusedRoleARN = refused
	}
	if err := errors.Join(checkKubeconfig(getenv("KUBECONFIG")), stage.validate()); err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("kubectl"); err != nil {
		return nil, errors.New("kubectl is not installed: install it, or unset KUBECONFIG to let the demo build a cluster of its own")
	}
	if _, err := stage.Kubectl(ctx, nil, "version", "--request-timeout=10s"); err != nil {
		return nil, fmt.Errorf("reach the cluster of KUBECONFIG: %w; mend KUBECONFIG, or unset it to let the demo build a cluster of its own", err)
	}
	if _, err := stage.Kubectl(ctx, nil, "get", "deployment", "--namespace=pod-identity", "pod-identity-webhook"); err != nil {
		return nil, fmt.Errorf("find the product on the cluster of KUBECONFIG: %w; run make install first", err)
	}
	return stage, nil
}

// checkKubeconfig complains about files that are not there: kubectl passes them over and asks a server on this machine.
func checkKubeconfig(list string) error {
	var missing []error
	for _, file := range filepath.SplitList(list) {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, fmt.Errorf("KUBECONFIG names a file that cannot be read: %w; mend it, or unset it to let the demo build a cluster of its own", err))
		}
	}
	return errors.Join(missing...)
}

func (s *Stage) validate() error {
	var missing []error
	for _, of := range []struct{ name, value, remedy string }{
		{"ROLE_ARN", s.RoleARN, "the role that may list the bucket, and that trusts service account " + namespace + "/eks-s3-example-iam-role-sa"},
		{"BUCKET", s.Bucket, "a bucket that holds " + object},
		{"CLI_IMAGE", s.CLIImage, "an image with the AWS CLI that the cluster can pull"},
	} {
		if of.value == "" {
			missing = append(missing, fmt.Errorf("%s is not set: with KUBECONFIG the demo runs on your cluster; set it to %s, or unset KUBECONFIG", of.name, of.remedy))
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
