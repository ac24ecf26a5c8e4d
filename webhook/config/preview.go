package config

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/webhook/inject"
	"github.com/podidentity/podidentity/webhook/preview"
)

// ParsePreview reads the arguments of `webhook preview` as Parse reads those of the server.
func ParsePreview(arguments []string, help io.Writer) (preview.Settings, error) {
	settings := preview.Settings{Namespace: "default", Mode: contract.InjectEnabled, IRSA: true, Injection: inject.DefaultSettings()}
	settings.Injection.Image = "podidentity/sidecar:dev"
	var output string
	set := flag.NewFlagSet("webhook preview", flag.ContinueOnError)
	set.Func("f", "`path` of a file or directory with pods, workloads, associations and namespaces, or - for standard input; repeatable", func(path string) error {
		settings.Files = append(settings.Files, path)
		return nil
	})
	set.StringVar(&output, "o", "", "`diff` prints what would change, instead of the objects as they would be")
	set.StringVar(&settings.Namespace, "namespace", settings.Namespace, "namespace of objects that name none")
	set.StringVar(&settings.Mode, "mode", settings.Mode, "value of the label "+contract.LabelInject+" of namespaces that are not among the objects")
	bindIRSA(set, &settings.IRSA)
	bindInjection(set, &settings.Injection)
	if err := flags.Parse(set, arguments, help); err != nil {
		return preview.Settings{}, err
	}
	if len(settings.Files) == 0 {
		settings.Files = []string{"-"}
	}
	settings.IRSA = settings.IRSA && !settings.Injection.UsesEKSAuth()
	settings.Diff = output == "diff"
	modes := []string{contract.InjectEnabled, contract.InjectAssociated}
	return settings, errors.Join(
		flags.Require(output == "" || settings.Diff, "-o is %q: set it to diff, or leave it out", output),
		flags.Require(settings.Namespace != "", "--namespace is empty: set it to the namespace of the pods, or leave it out"),
		flags.Require(slices.Contains(modes, settings.Mode), "--mode is %q: set it to %s", settings.Mode, strings.Join(modes, " or ")),
		validateInjection(settings.Injection),
	)
}
