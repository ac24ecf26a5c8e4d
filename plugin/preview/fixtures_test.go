package preview_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/internal/clitest"
	"github.com/podidentity/podidentity/plugin"
)

var update = flag.Bool("update", false, "rewrite what the fixtures expect; review the diff before you commit it")

func TestFixtures(t *testing.T) { clitest.RunFixtures(t, *update, run) }

// run runs the command as main does, without a kubeconfig.
func run(t *testing.T, arguments []string, stdin string) clitest.Result {
	t.Helper()
	t.Setenv("KUBECONFIG", os.DevNull)
	var stdout, stderr bytes.Buffer
	exit := plugin.Run(t.Context(), append([]string{"preview"}, arguments...), genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: &stdout, ErrOut: &stderr})
	return clitest.Result{Stdout: stdout.String(), Stderr: stderr.String(), Exit: exit}
}
