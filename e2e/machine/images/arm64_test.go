package images_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/machine/host"
)

// fakeSTS is a fake STS, since no program of the cluster is needed for this.
func fakeSTS(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// emulator lets the kernel run programs for arm64 by qemu, those too that such a program starts, and runs its arguments. The values
// are those of https://www.kernel.org/doc/html/latest/admin-guide/binfmt-misc.html, where F finds qemu in any mount namespace.
const emulator = `
set -eu
formats=/proc/sys/fs/binfmt_misc
mount -t binfmt_misc none $formats
test -e $formats/podidentity-arm64 || printf %s ':podidentity-arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64:F' >$formats/register
exec "$@"
`

// emulated returns what starts a program for arm64. Since Linux 6.7 a user namespace has formats of its own; before, the machine
// has this one until the test ends.
func emulated(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	start := func(ctx context.Context, user bool, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", emulator, "sh"}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		if user {
			root := []syscall.SysProcIDMap{{Size: 1}}
			cmd.SysProcAttr.Cloneflags, cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = syscall.CLONE_NEWUSER, root, root
		}
		return cmd
	}
	user := start(t.Context(), true, "true").Run() == nil
	if !user {
		remove := start(context.WithoutCancel(t.Context()), false, "sh", "-c", "echo -1 >/proc/sys/fs/binfmt_misc/podidentity-arm64")
		t.Cleanup(func() {
			if out, err := remove.CombinedOutput(); err != nil {
				t.Errorf("remove podidentity-arm64 from /proc/sys/fs/binfmt_misc: %v: %s", err, out)
			}
		})
	}
	return func(args ...string) *exec.Cmd { return start(t.Context(), user, args...) }
}

// The binary is the one of the image. An emulator runs it on any machine.
func TestTheSidecarForARM64ServesCredentials(t *testing.T) {
	if err := host.PrepareEmulator(t.Context(), t.Logf); err != nil {
		t.Fatal(err)
	}
	t.Chdir("../../..")
	dir := t.TempDir()
	binary := filepath.Join(dir, "sidecar")
	build := exec.CommandContext(t.Context(), "make", "--silent", "bin/sidecar", "ARCH=arm64", "SIDECAR="+binary)
	build.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sts := httptest.NewServer(http.HandlerFunc(fakeSTS))
	t.Cleanup(sts.Close)
	for name, content := range map[string]string{"identity": `{"association":"reader","roleARN":"arn:aws:iam::111122223333:role/reader"}`, "token": "a.b.c"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := freeAddress(t)
	var out bytes.Buffer
	run := emulated(t)
	sidecar := run(binary, "--identity="+dir+"/identity", "--token="+dir+"/token", "--authorization="+dir+"/auth/token", "--listen="+address)
	sidecar.Env = []string{"AWS_REGION=us-east-1", "AWS_ENDPOINT_URL_STS=" + sts.URL}
	sidecar.Stdout, sidecar.Stderr = &out, &out
	if err := sidecar.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := run(binary, "wait", "--listen="+address, "--timeout=1m").CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("wait: %v, %s", err, said)
	}
	if key := accessKey(t, address, dir+"/auth/token"); key != "ASIA" {
		t.Errorf("the access key is %q", key)
	}
	if err := sidecar.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := sidecar.Wait(); err != nil {
		t.Errorf("SIGTERM ended it with %v: %s", err, out.String())
	}
}

// The rules are those of sidecar/README.md. The thousand clients of rule 30 would measure the emulator.
func TestTheSidecarForARM64KeepsTheContractWithSDKs(t *testing.T) {
	if err := host.PrepareEmulator(t.Context(), t.Logf); err != nil {
		t.Fatal(err)
	}
	contract := filepath.Join(t.TempDir(), "contract")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", contract, "./sidecar/server")
	build.Dir = "../../.."
	build.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run := emulated(t)(contract, "-test.v", "-test.run=^TestRule", "-test.skip=^TestRule30")
	run.Dir = "../../../sidecar/server"
	out, err := run.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if kept := bytes.Count(out, []byte("\n--- PASS: TestRule")); kept < 15 {
		t.Errorf("only %d rules were tried:\n%s", kept, out)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // it has accepted nothing
	return listener.Addr().String()
}

// accessKey gets credentials as an SDK does.
func accessKey(t *testing.T, address, tokenFile string) string {
	t.Helper()
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/v1/credentials", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", string(bytes.TrimSpace(token)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // only read from
	var credentials struct{ AccessKeyID string }
	text, err := io.ReadAll(response.Body)
	if err != nil || json.Unmarshal(text, &credentials) != nil {
		t.Fatalf("%s: %v: %s", response.Status, err, text)
	}
	return credentials.AccessKeyID
}
