// Package plugin is the command line of `kubectl pod-identity`.
package plugin

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/internal/version"
	"github.com/podidentity/podidentity/plugin/check"
	"github.com/podidentity/podidentity/plugin/cli"
	"github.com/podidentity/podidentity/plugin/convert"
	"github.com/podidentity/podidentity/plugin/issuer"
	"github.com/podidentity/podidentity/plugin/logs"
	"github.com/podidentity/podidentity/plugin/preview"
	"github.com/podidentity/podidentity/plugin/trustpolicy"
	"github.com/podidentity/podidentity/plugin/who"
)

// binary is the name by which kubectl finds the plugin: it writes - as _ where that is no part of a path of commands.
const binary = "kubectl-pod_identity"

// Run runs the command that the arguments name, and returns its exit code.
func Run(ctx context.Context, arguments []string, streams genericiooptions.IOStreams) int {
	command := Command(streams)
	command.SetArgs(arguments)
	err := command.ExecuteContext(ctx)
	// A command that found something wrong has printed what.
	if _, wrong := errors.AsType[cli.WrongError](err); err != nil && !wrong {
		_, _ = fmt.Fprintln(streams.ErrOut, "error:", err)
	}
	return cli.ExitCode(err)
}

// Command is the root, with all others below it.
func Command(streams genericiooptions.IOStreams) *cobra.Command {
	root := &cobra.Command{
		Use:         binary,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl pod-identity"},
		Short:       "AWS credentials for Kubernetes pods: who has which role, and what is wrong",
		Long: `AWS credentials for Kubernetes pods: who has which role, and what is wrong.

It changes nothing. Exit codes: 0 all is well, 1 something is wrong, 2 it could not look.`,
		Version:       version.String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		// The scripts that cobra makes complete a binary, not a plugin: kubectl asks kubectl_complete-pod_identity.
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetVersionTemplate(version.Line(binary) + "\n")
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	getter := genericclioptions.NewConfigFlags(true)
	getter.AddFlags(root.PersistentFlags())
	root.AddCommand(commands(getter, streams)...)
	return root
}

// commands are those of the plugin, in the order of the alphabet.
func commands(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) []*cobra.Command {
	return []*cobra.Command{
		check.Command(getter, streams),
		convert.Command(getter, streams),
		issuer.Command(getter, streams),
		logs.Command(getter, streams),
		preview.Command(getter, streams),
		trustpolicy.Command(getter, streams),
		who.Command(getter, streams),
	}
}
