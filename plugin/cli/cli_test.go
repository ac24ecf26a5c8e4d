package cli_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/podidentity/podidentity/plugin/cli"
)

func TestTheExitCodeTellsWrongFromNotLooked(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"all is well":              {nil, 0},
		"something is wrong":       {cli.WrongError{}, 1},
		"wrong, with more to it":   {fmt.Errorf("check: %w", cli.WrongError{}), 1},
		"the cluster did not tell": {errors.New("no route to host"), 2},
	} {
		if got := cli.ExitCode(test.err); got != test.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestTheOutputHasTheFormatThatIsAskedFor(t *testing.T) {
	type object struct {
		Role string `json:"role"`
	}
	for format, want := range map[string]string{
		"":     "for people: reader, wide false\n",
		"wide": "for people: reader, wide true\n",
		"json": "{\n  \"role\": \"reader\"\n}\n",
		"yaml": "role: reader\n",
	} {
		var output cli.Output
		var out strings.Builder
		command := &cobra.Command{}
		output.AddFlag(command)
		err := errors.Join(command.Flags().Set("output", format), output.Validate(), output.Print(&out, object{"reader"}, func(out io.Writer) error {
			_, err := fmt.Fprintf(out, "for people: reader, wide %t\n", output.Wide())
			return err
		}))
		if err != nil || out.String() != want {
			t.Errorf("%q gives %q, %v", format, out.String(), err)
		}
	}
}

func TestAnUnknownFormatIsRefusedWithTheLegalOnes(t *testing.T) {
	var output cli.Output
	command := &cobra.Command{}
	output.AddFlag(command)
	if err := command.Flags().Set("output", "xml"); err != nil {
		t.Fatal(err)
	}
	if err := output.Validate(); err == nil || !strings.Contains(err.Error(), `-o is "xml": set it to json, yaml or wide`) {
		t.Error(err)
	}
}

func TestATableIsAlignedAndAnEmptyCellIsNone(t *testing.T) {
	var out strings.Builder
	if err := cli.Table(&out, []string{"ROLE", "PODS"}, [][]string{{"reader", "2"}, {"", "10"}}); err != nil {
		t.Fatal(err)
	}
	if want := "ROLE     PODS\nreader   2\n<none>   10\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}
