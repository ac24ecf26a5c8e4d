// Package issuer shows and writes what a cluster has to publish so that AWS STS can verify its service account tokens.
package issuer

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cli"
)

// commands are what the commands work with.
type commands struct {
	getter  genericclioptions.RESTClientGetter
	streams genericiooptions.IOStreams
	// client reads what is published.
	client *http.Client
}

// Command is the command issuer with its subcommands; alone, it checks.
func Command(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	return newCommand(commands{getter, streams, issuer.NewClient(nil)})
}

func newCommand(c commands) *cobra.Command {
	command := &cobra.Command{
		Use:   "issuer",
		Short: "Say whether AWS STS can verify the tokens of the cluster, and write what to publish for that",
		Long:  "Say what is published at the issuer of the cluster, where AWS STS reads by which keys its service account tokens are signed, and whether it fits.",
		Example: `  # Does what is published fit the keys of the cluster?
  kubectl pod-identity issuer

  # What to publish
  kubectl pod-identity issuer write public`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return c.check(command.Context()) },
	}
	command.AddCommand(c.writeCommand())
	return command
}

func (c commands) writeCommand() *cobra.Command {
	var merge []string
	var keysURI string
	command := &cobra.Command{
		Use:   "write DIRECTORY",
		Short: "Write the discovery document and the keys into a directory, as they are to be published at the issuer",
		Example: `  # All that a web server or a public bucket has to serve
  kubectl pod-identity issuer write public

  # While the signing key is replaced: tokens of before are valid until they expire
  kubectl pod-identity issuer write public --merge https://oidc.example.com/green/openid/v1/jwks`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			return c.write(command.Context(), arguments[0], keysURI, merge)
		},
	}
	command.Flags().StringSliceVar(&merge, "merge", nil, "files, or https:// URLs, with keys of before that are to be published as well")
	command.Flags().StringVar(&keysURI, "jwks-uri", "", "URL at which the keys will be; unset, it is that of the API server where that is at the issuer's host, and else ISSUER"+issuer.KeysPath)
	return command
}

// cluster is what the API server says.
func (c commands) cluster(ctx context.Context) (issuer.Publication, error) {
	config, err := cli.Config(c.getter)
	if err != nil {
		return issuer.Publication{}, err
	}
	read, err := issuer.FromAPIServer(config)
	if err != nil {
		return issuer.Publication{}, err
	}
	return issuer.Cluster(ctx, read)
}
