package config

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// Preview is everything `webhook preview` can be told.
type Preview struct {
	// Files are paths of files and folders. "-" is standard input, and so is no path at all.
	Files []string
	// Namespace of objects that name none.
	Namespace string
	// Mode is the value of the injection label of namespaces that are not among the objects.
	Mode string
	// Diff asks for what would change, in place of what would be.
	Diff bool
	// IRSA and Injection are what the webhook of the cluster is told.
	IRSA      bool
	Injection inject.Settings
}

// ParsePreview reads the arguments of `webhook preview` as Parse reads those of the server.
func ParsePreview(arguments []string, usage io.Writer) (Preview, error) {
	preview := Preview{Namespace: "default", Mode: contract.InjectEnabled, IRSA: true, Injection: inject.DefaultSettings()}
	preview.Injection.Image = "podidentity/sidecar:dev"
	var output string
	flags := flag.NewFlagSet("webhook preview", flag.ContinueOnError)
	flags.Var((*fileList)(&preview.Files), "f", "`path` of a file or folder with pods, workloads, associations and namespaces, - for standard input; repeatable")
	flags.StringVar(&output, "o", "", "`diff` prints what would change, in place of what would be")
	flags.StringVar(&preview.Namespace, "namespace", preview.Namespace, "namespace of objects that name none")
	flags.StringVar(&preview.Mode, "mode", preview.Mode, "value of the label "+contract.LabelInject+" of namespaces that are not among the objects")
	bindIRSA(flags, &preview.IRSA)
	bindInjection(flags, &preview.Injection)
	if err := parse(flags, arguments, usage); err != nil {
		return Preview{}, err
	}
	if len(preview.Files) == 0 {
		preview.Files = []string{"-"}
	}
	preview.IRSA = preview.IRSA && !preview.Injection.UsesEKSAuth()
	preview.Diff = output == "diff"
	modes := []string{contract.InjectEnabled, contract.InjectAssociated}
	return preview, errors.Join(
		demand(output == "" || preview.Diff, "-o is %q: set it to diff, or leave it out", output),
		demand(preview.Namespace != "", "--namespace is empty: set it to the namespace of the pods, or leave it out"),
		demand(slices.Contains(modes, preview.Mode), "--mode is %q: set it to %s", preview.Mode, strings.Join(modes, " or ")),
		validateInjection(preview.Injection),
	)
}

// fileList is a flag that may be given several times.
type fileList []string

// String implements flag.Value.
func (l *fileList) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *fileList) Set(path string) error {
	*l = append(*l, path)
	return nil
}
