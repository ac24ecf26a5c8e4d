package sdks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// fixture is what the pods of all clients have in common.
type fixture struct {
	minio upstream
	// program is the sidecar, and token one that MinIO takes.
	program, token string
	bucket         string
	work           string
	// ports are those that sidecars have got.
	ports atomic.Int32
}

const object = "aws.png"

// pod is a sidecar that runs as a process, as it would in a pod of its own, and what is injected into the client beside it.
type pod struct {
	*stsProxy
	client  client
	address string
	env     []string
	cmd     *exec.Cmd
	log     strings.Builder // to be read after the end
}

// newPod starts a sidecar.
func (b *fixture) newPod(ctx context.Context, c client, lifetime time.Duration, m stsMode) (*pod, error) {
	dir, err := os.MkdirTemp(b.work, "pod-")
	if err != nil {
		return nil, err
	}
	address, err := b.freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &pod{stsProxy: newSTSProxy(b.minio, lifetime, m), client: c, address: address}
	identity, token, authorization := filepath.Join(dir, "identity"), filepath.Join(dir, "token"), filepath.Join(dir, "authorization", "token")
	p.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "BUCKET=" + b.bucket, "OBJECT=" + object, "AWS_ENDPOINT_URL_S3=" + p.URL,
		// From here on it is what the webhook injects.
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://" + address + "/v1/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + authorization,
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
	}
	p.cmd = exec.CommandContext(ctx, b.program, "--identity="+identity, "--token="+token, "--authorization="+authorization, "--listen="+address)
	p.cmd.Env = []string{"AWS_REGION=us-east-1", "AWS_ENDPOINT_URL_STS=" + p.URL, "POD_NAME=client", "POD_NAMESPACE=sdks"}
	if c.environment {
		const given = "AWS_CONTAINER_AUTHORIZATION_TOKEN=a-token-of-this-pod-that-the-webhook-made"
		p.env, p.cmd.Env = append(p.env, given), append(p.cmd.Env, given)
	}
	p.cmd.Stderr = &p.log
	err = errors.Join(
		os.WriteFile(identity, fmt.Appendf(nil, `{"association":"reader","roleARN":%q}`, roleARN), 0o600),
		os.WriteFile(token, []byte(b.token), 0o600),
		p.cmd.Start(),
	)
	if err != nil {
		return nil, fmt.Errorf("start the sidecar: %w", err)
	}
	return p, nil
}

// awaitCredentials returns when the sidecar has credentials or is refused them, as the start of an application does.
func (p *pod) awaitCredentials(ctx context.Context, b *fixture) error {
	out, err := exec.CommandContext(ctx, b.program, "wait", "--listen="+p.address, "--timeout=1m").CombinedOutput()
	if err != nil {
		return fmt.Errorf("wait for the sidecar: %w: %s", err, out)
	}
	return nil
}

// talk starts the client beside the sidecar.
func (p *pod) talk(ctx context.Context) (*dialogue, error) {
	cmd := exec.CommandContext(ctx, p.client.command[0], p.client.command[1:]...)
	cmd.Env, cmd.Dir = p.env, "/"
	return talk(ctx, cmd)
}

// end ends the sidecar and returns its log.
func (p *pod) end() (log string) {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // killed
	p.Close()
	return p.log.String()
}

// freeAddress is one that nobody else gets before the sidecar listens there. The kernel gives out ports from 32768 on, among them those of the
// proxies that other clients start meanwhile.
func (b *fixture) freeAddress(ctx context.Context) (string, error) {
	for ctx.Err() == nil {
		address := fmt.Sprint("127.0.0.1:", 20000+b.ports.Add(1)%10000)
		if listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", context.Cause(ctx)
}
