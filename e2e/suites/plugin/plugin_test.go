// Package plugin_test proves on a real cluster that kubectl pod-identity names the cause of a fault, and finds none where there is none.
package plugin_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
)

// oncall is a user who has no rights but those of the ClusterRole in docs/kubectl.md.
const oncall = "system:serviceaccount:default:oncall"

type fixture struct {
	*platform.Platform

	// sts is asked by the pods that are created once useSTS has run.
	sts platform.STS
	// still happens before each look of await; may be nil.
	still step
}

func TestOnARealCluster(t *testing.T) {
	install(t)
	p := platform.ForTest(t, "plugin")
	f := fixture{Platform: p, sts: p.StartSTS(t, 0)}
	f.bindDocumentedRole(t)
	t.Run("of a healthy installation all is well", f.healthy)
	t.Run("the session of docs/kubectl.md prints what it says", f.session)
	t.Run("who tells the role of a pod, and who has a role", f.who)
	t.Run("check names what is wrong with the endpoint of STS", f.endpoints)
	t.Run("check names what is wrong with a pod", f.pods)
	t.Run("check names what is wrong with an installation", f.installation)
	t.Run("check names what the auth service refuses", f.authService)
}

// install builds the plugin, and puts it where kubectl finds it.
func install(t *testing.T) {
	t.Helper()
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", directory+"/", "./plugin/kubectl-pod_identity")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
}

func (f fixture) bindDocumentedRole(t *testing.T) {
	t.Helper()
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(filepath.Join(root, "docs/kubectl.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(document), "## What it may read")
	_, after, _ = strings.Cut(after, "```yaml\n")
	role, _, _ := strings.Cut(after, "```")
	f.DoWith(t, role, "apply", "--filename=-")
	f.Do(t, "create", "clusterrolebinding", "oncall", "--clusterrole=pod-identity-plugin", "--serviceaccount=default:oncall")
}

// run is what the plugin prints, and its exit code.
func (f fixture) run(t *testing.T, arguments ...string) (out string, code int) {
	t.Helper()
	out, err := f.Kubectl(t.Context(), nil, append(append([]string{"pod-identity"}, arguments...), "--as="+oncall)...)
	if exit, ended := errors.AsType[*exec.ExitError](err); ended {
		return out + err.Error(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out, 0
}

// await runs check until its exit code is this one, and it prints all of these.
func (f fixture) await(t *testing.T, code int, says []string, arguments ...string) {
	t.Helper()
	var seen string
	var ended int
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, 3*time.Minute, true, func(context.Context) (bool, error) {
		if f.still != nil {
			f.still(t, f)
		}
		seen, ended = f.run(t, append([]string{"check"}, arguments...)...)
		for _, sentence := range says {
			if !strings.Contains(seen, sentence) {
				return false, nil
			}
		}
		return ended == code, nil
	})
	if err != nil {
		t.Errorf("check %v ends with %d and not with %d, or does not say %q:\n%s", arguments, ended, code, says, seen)
		return
	}
	t.Logf("check %v:\n%s", arguments, seen)
}

func (f fixture) healthy(t *testing.T) {
	f.await(t, 0, []string{"the webhook may do all that it does", "ok       definition", "leads"})
}
