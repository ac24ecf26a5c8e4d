package trustpolicy

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cli"
)

// options are the flags of the command.
type options struct {
	getter genericclioptions.RESTClientGetter
	trust  Trust
	format string
	files  []string
}

// Command prints trust policies.
func Command(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	o := options{getter: getter}
	command := &cobra.Command{
		Use:   "trust-policy [ASSOCIATION...]",
		Short: "Print the trust policies that the roles of associations need",
		Long:  "Print, for each role of these associations or of all, the trust policy that admits the service accounts which they select. It changes nothing, neither in the cluster nor at AWS.",
		Example: `  # The policy of one role, to AWS
  kubectl pod-identity trust-policy shop > policy.json
  aws iam update-assume-role-policy --role-name shop --policy-document file://policy.json

  # Before the association is there, and without a cluster
  kubectl pod-identity trust-policy -f association.yaml --issuer=https://oidc.example.com/green -o terraform

  # For the auth service
  kubectl pod-identity trust-policy --source=eks-auth --principal=arn:aws:iam::111122223333:role/pod-identity-auth --cluster-arn=arn:aws:eks:eu-central-1:111122223333:cluster/green`,
		RunE: func(command *cobra.Command, names []string) error {
			return o.run(command.Context(), names, streams)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&o.format, "output", "o", "json", "json, terraform or cloudformation")
	flags.StringSliceVarP(&o.files, "filename", "f", nil, "files, directories or URLs with associations, - for standard input, in place of those of the cluster")
	flags.StringVar(&o.trust.Source, "source", contract.SourceWebIdentity, "source of credentials, as the flag of the webhook: web-identity or eks-auth")
	flags.StringVar(&o.trust.Issuer, "issuer", "", "issuer of the cluster, https://HOST/PATH; unset, the API server is asked")
	flags.StringVar(&o.trust.Audience, "audience", contract.STSAudience, "audience of the service account tokens, as the flag of the webhook")
	flags.StringVar(&o.trust.Principal, "principal", "", "ARN of the auth service's own role or user, or "+contract.AuthAudience+" for Amazon's service; with --source=eks-auth")
	flags.StringVar(&o.trust.ClusterARN, "cluster-arn", "", "ARN of the cluster in session tags, as the flag of the auth service; with --source=eks-auth")
	return command
}

func (o options) run(ctx context.Context, names []string, streams genericiooptions.IOStreams) error {
	if !slices.Contains(Formats(), o.format) {
		return fmt.Errorf("-o is %q: set it to json, terraform or cloudformation", o.format)
	}
	if err := o.askIssuer(ctx); err != nil {
		return err
	}
	if err := o.trust.Validate(); err != nil {
		return err
	}
	found, err := o.read(ctx)
	if err != nil {
		return err
	}
	chosen, err := Choose(found.Associations, names)
	if err != nil {
		return err
	}
	roles, err := Roles(o.trust, chosen)
	if err != nil {
		return err
	}
	for _, note := range Notes(o.trust, roles, chosen, found) {
		if _, err := fmt.Fprintln(streams.ErrOut, "note:", note); err != nil {
			return err
		}
	}
	return Print(streams.Out, o.format, roles)
}

func (o *options) askIssuer(ctx context.Context) error {
	if o.trust.Issuer != "" || o.trust.Source != contract.SourceWebIdentity {
		return nil
	}
	config, err := cli.Config(o.getter)
	if err != nil {
		return err
	}
	read, err := issuer.FromAPIServer(config)
	if err != nil {
		return err
	}
	cluster, err := issuer.Cluster(ctx, read)
	if err != nil {
		return fmt.Errorf("%w; or give --issuer", err)
	}
	o.trust.Issuer = cluster.Discovery.Issuer
	return nil
}
