package preview

import (
	"errors"
	"flag"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/plugin/cli"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/inject"
)

// Command shows manifests as they would be admitted.
func Command(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	settings := Settings{IRSA: true, Injection: inject.DefaultSettings()}
	settings.Injection.Image = "podidentity/sidecar:dev"
	var output string
	command := &cobra.Command{
		Use:   "preview [-f FILENAME]",
		Short: "Show pods and workloads as the cluster would admit them",
		Long: `Show pods and workloads as the cluster would admit them, and say what happened to each object and why. It needs no cluster.

It reads Pods, Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, CronJobs and Lists, with the associations and Namespaces among them. The flags of
the webhook for what pods get are taken as well: give those of your installation.`,
		Example: `  kubectl pod-identity preview -f job.yaml -f association.yaml

  # What would change
  kustomize build . | kubectl pod-identity preview -o diff --region=eu-central-1`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			namespace, err := cli.Namespace(getter)
			if err != nil {
				return err
			}
			settings.Namespace, settings.Diff = namespace, output == "diff"
			if err := settings.complete(output); err != nil {
				return err
			}
			return Run(settings, streams.In, streams.Out, streams.ErrOut)
		},
	}
	set := command.Flags()
	set.StringArrayVarP(&settings.Files, "filename", "f", nil, "`path` of a file or directory with pods, workloads, associations and namespaces, or - for standard input; repeatable")
	set.StringVarP(&output, "output", "o", "", "`diff` prints what would change, in place of the objects as they would be")
	set.StringVar(&settings.Mode, "mode", contract.InjectEnabled, "value of the label "+contract.LabelInject+" of namespaces that are not among the objects")
	shared := flag.NewFlagSet("preview", flag.ContinueOnError)
	config.BindIRSA(shared, &settings.IRSA)
	config.BindInjection(shared, &settings.Injection)
	set.AddGoFlagSet(shared)
	return command
}

// complete fills in what was left out, and returns every mistake in the flags.
func (s *Settings) complete(output string) error {
	if len(s.Files) == 0 {
		s.Files = []string{"-"}
	}
	modes := []string{contract.InjectEnabled, contract.InjectAssociated}
	return errors.Join(
		flags.Require(output == "" || s.Diff, "-o is %q: set it to diff, or leave it out", output),
		flags.Require(slices.Contains(modes, s.Mode), "--mode is %q: set it to %s", s.Mode, strings.Join(modes, " or ")),
		config.ValidateInjection(s.Injection),
	)
}
