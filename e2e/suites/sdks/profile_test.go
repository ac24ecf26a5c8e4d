package sdks_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// profiles are the clients that are tried with a profile in place of a sidecar.
func profiles() []string { return []string{"Go v2", "Python, boto3", "AWS CLI"} }

// expectProfiles has clients without a sidecar run `sidecar exchange` by a profile.
func expectProfiles(t *testing.T, b *fixture, rows []row) {
	t.Helper()
	for _, r := range rows {
		if !slices.Contains(profiles(), r.client.name) {
			continue
		}
		t.Run(r.client.name+" takes credentials from a profile with credential_process", func(t *testing.T) {
			if _, err := b.listWithProfile(t.Context(), r.client, answering); err != nil {
				t.Error(err)
			}
		})
		t.Run(r.client.name+" tells why a profile with credential_process gives none", func(t *testing.T) {
			said, err := b.listWithProfile(t.Context(), r.client, refusing)
			// The AWS SDK for Go passes the standard error of the command on, the others have it in their own error.
			if failure, ok := errors.AsType[failed](err); !ok || !strings.Contains(said+string(failure), words) {
				t.Errorf("%v, and on standard error %q", err, said)
			}
		})
	}
}

// listWithProfile has a client list the bucket whose environment names a profile, S3, STS and nothing else.
func (b *fixture) listWithProfile(ctx context.Context, c client, m stsMode) (said string, err error) {
	dir, err := os.MkdirTemp(b.work, "profile-")
	if err != nil {
		return "", err
	}
	p := newSTSProxy(b.minio, 0, m)
	defer p.Close()
	config, identity, token := filepath.Join(dir, "config"), filepath.Join(dir, "identity"), filepath.Join(dir, "token")
	profile := fmt.Sprintf("[default]\ncredential_process = %s exchange --identity=%s --token=%s\n", b.program, identity, token)
	err = errors.Join(
		os.WriteFile(config, []byte(profile), 0o600),
		os.WriteFile(identity, fmt.Appendf(nil, `{"roleARN":%q}`, roleARN), 0o600),
		os.WriteFile(token, []byte(b.token), 0o600),
	)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "AWS_CONFIG_FILE=" + config, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_STS=" + p.URL, "AWS_ENDPOINT_URL_S3=" + p.URL, "BUCKET=" + b.bucket, "OBJECT=" + object,
	}
	d, err := talk(ctx, cmd)
	if err != nil {
		return "", err
	}
	err = d.list()
	d.end()
	return d.complaint.String(), err
}
