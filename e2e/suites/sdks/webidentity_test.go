package sdks_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// listsByToken has a client that knows its STS list the bucket with what a pod is given by podidentity.dev/authorization: web-identity.
func listsByToken(ctx context.Context, b *fixture, c client) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, scenarioTimeout, fmt.Errorf("not done within %s", scenarioTimeout))
	defer cancel()
	dir, err := os.MkdirTemp(b.work, "token-")
	if err != nil {
		return "", err
	}
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(b.token), 0o600); err != nil {
		return "", err
	}
	p := newSTSProxy(b.minio, 0, answering)
	defer p.Close()
	cmd := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "BUCKET=" + b.bucket, "OBJECT=" + object, "AWS_ENDPOINT_URL_S3=" + p.URL,
		// From here on it is what the webhook gives.
		"AWS_ROLE_ARN=" + roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE=" + token, "AWS_ROLE_SESSION_NAME=client", "AWS_ENDPOINT_URL_STS=" + p.URL,
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
	}
	d, err := talk(ctx, cmd)
	if err != nil {
		return "", err
	}
	defer d.end()
	return "", listBy(d, p)
}
