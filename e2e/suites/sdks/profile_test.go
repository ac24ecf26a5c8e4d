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
		t.Run(r.client.name+" assumes the role of a profile with credential_source = EcsContainer", func(t *testing.T) {
			if _, err := withSidecar(0, answering, listByContainerProfile)(t.Context(), b, r.client); err != nil {
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

// listByContainerProfile has a client list the bucket by a profile whose role is assumed with the credentials of a sidecar.
func listByContainerProfile(ctx context.Context, b *fixture, p *pod) (string, error) {
	if err := p.awaitCredentials(ctx, b); err != nil {
		return "", err
	}
	config := filepath.Join(b.work, "container-profile")
	profile := fmt.Sprintf("[profile mine]\nrole_arn = %s\nrole_session_name = mine\ncredential_source = EcsContainer\n", roleARN)
	if err := os.WriteFile(config, []byte(profile), 0o600); err != nil {
		return "", err
	}
	p.env = append(p.env, "AWS_CONFIG_FILE="+config, "AWS_PROFILE=mine", "AWS_ENDPOINT_URL_STS="+p.URL)
	d, err := p.talk(ctx)
	if err != nil {
		return "", err
	}
	defer d.end()
	if err := d.list(); err != nil {
		return "", err
	}
	if issued, signed := p.sessions(); len(issued) != 2 || !slices.Equal(issued[1:], signed) {
		return "", fmt.Errorf("STS gave the sessions %v, and S3 saw %v", issued, signed)
	}
	return "", nil
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
