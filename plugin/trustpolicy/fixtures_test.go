package trustpolicy_test

import (
	"flag"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/internal/clitest"
	"github.com/podidentity/podidentity/plugin"
	"github.com/podidentity/podidentity/plugin/trustpolicy"
)

var update = flag.Bool("update", false, "rewrite what the fixtures expect; review the diff before you commit it")

func TestFixtures(t *testing.T) {
	clitest.RunFixtures(t, *update, func(t *testing.T, arguments []string, stdin string) clitest.Result {
		streams, in, out, errOut := genericiooptions.NewTestIOStreams()
		in.WriteString(stdin)
		exit := plugin.Run(t.Context(), append([]string{"trust-policy"}, arguments...), streams)
		return clitest.Result{Stdout: out.String(), Stderr: errOut.String(), Exit: exit}
	})
}

func TestWhatIsPrintedForATemplateIsThePolicy(t *testing.T) {
	one := webIdentity()
	roles := mustRoles(t, one, randomAssociationsOf(1))
	for format, unwrap := range map[string]func(string) string{
		"json":           func(text string) string { return text },
		"terraform":      fromTerraform,
		"cloudformation": fromCloudFormation,
	} {
		t.Run(format, func(t *testing.T) {
			var out strings.Builder
			if err := trustpolicy.Print(&out, format, roles[:1]); err != nil {
				t.Fatal(err)
			}
			if got, want := canonical(t, unwrap(out.String())), canonical(t, roles[0].Policy.String()); got != want {
				t.Errorf("got %s, not %s", got, want)
			}
		})
	}
}
