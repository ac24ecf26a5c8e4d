package who

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/plugin/cli"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// Command tells who has which role.
func Command(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	return newCommand(func() (client.Client, error) { return cli.ClientOf(getter) }, streams)
}

func newCommand(connect func() (client.Client, error), streams genericiooptions.IOStreams) *cobra.Command {
	var output cli.Output
	var why bool
	command := &cobra.Command{
		Use:   "who [ROLE-ARN | NAMESPACE[/SERVICEACCOUNT[/POD]]]",
		Short: "Show who has which role now",
		Long: `Show who has which role now: of a role, of a namespace, of a service account, of a pod, or of all.

What counts is what the webhook goes by: the associations, their precedence, and the annotations of service accounts.`,
		Example: `  # Who has this role?
  kubectl pod-identity who arn:aws:iam::111122223333:role/reader

  # Which role has this service account, and why this one?
  kubectl pod-identity who shop/checkout --why`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := output.Validate(); err != nil {
				return err
			}
			asked, err := parse(arguments)
			if err != nil {
				return err
			}
			c, err := connect()
			if err != nil {
				return err
			}
			return run(command.Context(), c, asked, why, &output, streams)
		},
	}
	output.AddFlag(command)
	command.Flags().BoolVar(&why, "why", false, "also show what loses, and by which rule")
	return command
}

// question is whom the command asks about; empty fields are all.
type question struct {
	role, namespace, serviceAccount, pod string
}

func parse(arguments []string) (question, error) {
	if len(arguments) == 0 {
		return question{}, nil
	}
	if strings.HasPrefix(arguments[0], "arn:") {
		return question{role: arguments[0]}, nil
	}
	parts := strings.Split(arguments[0], "/")
	if len(parts) > 3 || slices.Contains(parts, "") {
		return question{}, fmt.Errorf("%q is neither the ARN of a role nor NAMESPACE, NAMESPACE/SERVICEACCOUNT or NAMESPACE/SERVICEACCOUNT/POD", arguments[0])
	}
	parts = append(parts, "", "")
	return question{namespace: parts[0], serviceAccount: parts[1], pod: parts[2]}, nil
}

func (q question) includes(account association.ServiceAccount) bool {
	return (q.namespace == "" || q.namespace == account.Namespace) && (q.serviceAccount == "" || q.serviceAccount == account.Name)
}

func (q question) satisfied(grant *Grant) bool {
	return (q.role == "" || q.role == grant.RoleARN || q.role == grant.TargetRoleARN) && (q.pod == "" || !grant.Former || len(grant.Pods) > 0)
}

// result is what -o json and yaml print.
type result struct {
	Grants []*Grant `json:"grants"`
}

func run(ctx context.Context, c client.Client, q question, why bool, output *cli.Output, streams genericiooptions.IOStreams) error {
	all, notes, err := answer(ctx, c, q, why)
	if err != nil {
		return err
	}
	for _, note := range notes {
		if _, err := fmt.Fprintln(streams.ErrOut, "note:", note); err != nil {
			return fmt.Errorf("write a note: %w", err)
		}
	}
	return output.Print(streams.Out, result{all}, func(out io.Writer) error { return printTable(out, all, output.Wide()) })
}

func answer(ctx context.Context, c client.Client, q question, why bool) (all []*Grant, notes []string, err error) {
	installation := cluster.ReadInstallation(ctx, c)
	if !installation.Known() {
		notes = append(notes, fmt.Sprintf("the settings of the webhook are not known: %v; this is how it is with --irsa=true", installation.ConfigErr))
	}
	identities, err := cluster.ReadIdentities(ctx, c, q.namespace, installation.Config.Annotations())
	if err != nil {
		return nil, nil, err
	}
	accounts := slices.DeleteFunc(slices.Clone(identities.Accounts), func(a association.ServiceAccount) bool { return !q.includes(a) })
	if q.serviceAccount != "" && len(accounts) == 0 {
		notes = append(notes, fmt.Sprintf("there is no service account %s/%s yet", q.namespace, q.serviceAccount))
		accounts = append(accounts, association.ServiceAccount{Namespace: q.namespace, Name: q.serviceAccount})
	}
	for _, account := range accounts {
		if refusal := identities.Index.Refusal(account); refusal != "" {
			notes = append(notes, refusal)
		}
	}
	found := newGrants(identities, accounts)
	if err := addPods(ctx, c, q, found); err != nil {
		return nil, nil, err
	}
	all = found.sorted(q.satisfied)
	if why {
		for _, grant := range all {
			grant.Why = Why(identities, association.ServiceAccount{Namespace: grant.Namespace, Name: grant.ServiceAccount}, grant.Container)
		}
	}
	if len(all) == 0 {
		notes = append(notes, "nobody has a role here")
	}
	return all, notes, nil
}

func addPods(ctx context.Context, c client.Client, q question, found grants) error {
	if q.pod == "" {
		return cluster.EachInjected(ctx, c, q.namespace, func(pod *corev1.Pod) {
			if q.includes(cluster.ServiceAccount(pod)) {
				found.addPod(pod)
			}
		})
	}
	var pod corev1.Pod
	if err := c.Get(ctx, client.ObjectKey{Namespace: q.namespace, Name: q.pod}, &pod); err != nil {
		return fmt.Errorf("read pod %s: %w", q.pod, err)
	}
	if account := cluster.ServiceAccount(&pod); !q.includes(account) {
		return fmt.Errorf("the service account of pod %s is %s, not %s", q.pod, account.Name, q.serviceAccount)
	}
	if cluster.Active(&pod) {
		found.addPod(&pod)
	}
	return nil
}
