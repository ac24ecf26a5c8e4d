package plugin_test

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/plugin"
)

func run(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	streams, _, out, errOut := genericiooptions.NewTestIOStreams()
	code = plugin.Run(t.Context(), arguments, streams)
	return code, out.String(), errOut.String()
}

func TestTheVersionIsPrintedInOneLine(t *testing.T) {
	code, stdout, stderr := run(t, "--version")
	want := "kubectl-pod_identity dev (" + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
}

func TestAMistakeIsTwoAndOneSentence(t *testing.T) {
	for name, arguments := range map[string][]string{
		"an unknown command": {"frobnicate"},
		"an unknown flag":    {"--frobnicate"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, arguments...)
			if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "error: unknown ") || strings.Count(strings.TrimSpace(stderr), "\n") > 2 {
				t.Errorf("%d, %q, %q", code, stdout, stderr)
			}
		})
	}
}

func TestHelpCallsThePluginAsPeopleDo(t *testing.T) {
	code, stdout, _ := run(t, "--help")
	if code != 0 || !strings.Contains(stdout, "kubectl pod-identity") || strings.Contains(stdout, "kubectl-pod_identity [") {
		t.Errorf("%d, %q", code, stdout)
	}
}

func TestEachCommandHasAHelpWithAnExampleAndARowInTheDocument(t *testing.T) {
	document, err := os.ReadFile("../docs/kubectl.md")
	if err != nil {
		t.Fatal(err)
	}
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	for _, command := range plugin.Command(streams).Commands() {
		if command.Short == "" || command.Example == "" || !strings.Contains(command.Example, "kubectl pod-identity "+command.Name()) {
			t.Errorf("%s has no sentence or no example", command.Name())
		}
		if !strings.Contains(string(document), "| `"+command.Name()) {
			t.Errorf("%s has no row in docs/kubectl.md", command.Name())
		}
	}
}

func TestCompletionKnowsTheFlagsOfKubectl(t *testing.T) {
	code, stdout, _ := run(t, "__complete", "--kubeco")
	if code != 0 || !strings.HasPrefix(stdout, "--kubeconfig") {
		t.Errorf("%d, %q", code, stdout)
	}
}
