package convert

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/plugin/cli"
	"github.com/podidentity/podidentity/plugin/objects"
)

// maxInput bounds what is read of one file: 5,000 associations have a tenth of it.
const maxInput = 64 << 20

// Kinds of associations, as --from and --to name them.
const (
	kindOurs = "podidentity"
	kindEKS  = "eks"
	kindACK  = "ack"
	kindIRSA = "irsa"
)

type options struct {
	getter             genericclioptions.RESTClientGetter
	streams            genericiooptions.IOStreams
	files              []string
	from, to           string
	format, eksCluster string
}

// Command converts associations.
func Command(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	o := options{getter: getter, streams: streams}
	command := &cobra.Command{
		Use:   "convert (-f FILE | --from podidentity|ack|irsa)",
		Short: "Convert associations of EKS or ACK, or annotations of IRSA, to PodIdentityAssociations, or back",
		Long: `Convert associations of EKS or ACK, or annotations of IRSA, to PodIdentityAssociations, or these to the others. It changes nothing, neither
in the cluster nor at AWS. What the result does not say is noted on standard error.`,
		Example: `  # All associations of an EKS cluster, as manifests
  for id in $(aws eks list-pod-identity-associations --cluster-name CLUSTER --query 'associations[].associationId' --output text); do
    aws eks describe-pod-identity-association --cluster-name CLUSTER --association-id "$id"
  done | kubectl pod-identity convert -f - > associations.yaml

  # Those of ACK, and the roles that ServiceAccounts name for IRSA, from the cluster
  kubectl pod-identity convert --from=ack
  kubectl pod-identity convert --from=irsa

  # Ours, as commands for EKS
  kubectl pod-identity convert --from=podidentity --to=eks --eks-cluster=CLUSTER`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flags := command.Flags()
	flags.StringSliceVarP(&o.files, "filename", "f", nil, "files with what `aws eks` prints or with objects of Kubernetes, - for standard input")
	flags.StringVar(&o.from, "from", "", "read from the cluster in place of files: podidentity, ack or irsa")
	flags.StringVar(&o.to, "to", kindOurs, "what to convert to: podidentity, eks or ack")
	flags.StringVar(&o.eksCluster, "eks-cluster", "", "name of the EKS cluster that the result is for, with --to=eks and --to=ack")
	flags.StringVarP(&o.format, "output", "o", "", "json or yaml; unset, it is yaml, and commands of the AWS CLI with --to=eks")
	return command
}

// validate names every mistake in the flags at once.
func (o options) validate() error {
	var errs []error
	require := func(holds bool, format string, arguments ...any) {
		if !holds {
			errs = append(errs, fmt.Errorf(format, arguments...))
		}
	}
	require((len(o.files) == 0) != (o.from == ""), "there is nothing to convert, or too much: give either -f or --from")
	require(slices.Contains([]string{"", kindOurs, kindACK, kindIRSA}, o.from), "--from is %q: set it to podidentity, ack or irsa; for EKS, give with -f what `aws eks` prints", o.from)
	require(slices.Contains([]string{kindOurs, kindEKS, kindACK}, o.to), "--to is %q: set it to podidentity, eks or ack", o.to)
	require((o.eksCluster != "") == (o.to == kindEKS || o.to == kindACK), "--eks-cluster is %q: set it with --to=eks and --to=ack, and there alone", o.eksCluster)
	require(slices.Contains([]string{"", formatJSON, formatYAML}, o.format), "-o is %q: set it to json or yaml", o.format)
	return errors.Join(errs...)
}

func (o options) run() error {
	if err := o.validate(); err != nil {
		return err
	}
	documents, err := o.documents()
	if err != nil {
		return err
	}
	result := Read(documents)
	text, err := render(result.To(o.to, o.eksCluster), o.to, o.format)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(o.streams.Out, text); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return o.say(result)
}

// say says what is lost, and what was not converted at all, which is wrong.
func (o options) say(result *Result) error {
	var lines []string
	for _, sentence := range result.Lost {
		lines = append(lines, "note: "+sentence)
	}
	for _, sentence := range result.Refused {
		lines = append(lines, "error: "+sentence)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(o.streams.ErrOut, line); err != nil {
			return fmt.Errorf("write a note: %w", err)
		}
	}
	if len(result.Refused) > 0 {
		return cli.WrongError{}
	}
	return nil
}

func (o options) documents() ([]map[string]any, error) {
	if o.from != "" {
		return o.fromCluster()
	}
	var all []map[string]any
	for _, name := range o.files {
		documents, err := o.readFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		all = append(all, documents...)
	}
	return all, nil
}

func (o options) readFile(name string) ([]map[string]any, error) {
	input := o.streams.In
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // only read from
		input = file
	}
	text, err := io.ReadAll(io.LimitReader(input, maxInput+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxInput {
		return nil, errors.New("it has more than 64 MiB")
	}
	return Parse(text)
}

func (o options) fromCluster() ([]map[string]any, error) {
	resources := map[string]string{kindOurs: objects.Associations, kindACK: "podidentityassociations." + ackGroup, kindIRSA: "serviceaccounts"}[o.from]
	found, err := objects.FromCluster(o.getter, resources)
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, object := range found {
		all = append(all, object.Object)
	}
	return all, nil
}
