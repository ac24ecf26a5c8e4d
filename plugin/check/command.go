package check

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cli"
)

// logLines is how much of a sidecar's log is read.
const logLines = 50

// Command finds what is wrong.
func Command(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	var output cli.Output
	command := &cobra.Command{
		Use:   "check [POD | deployment/NAME]",
		Short: "Find what is wrong with the installation, or with a pod",
		Long: `Find what is wrong with the installation, or with a pod: each link from the label of its namespace to the words of STS.

Each line says how something is, and behind -> what mends it. It ends with 1 where something is wrong, and with 2 where it could not look.`,
		Example: `  # The installation, and all pods of the cluster that it has to do with
  kubectl pod-identity check

  # Why has this pod no credentials, or another role?
  kubectl pod-identity check --namespace shop checkout-5d7c8
  kubectl pod-identity check --namespace shop deployment/checkout`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := output.Validate(); err != nil {
				return err
			}
			l, err := connect(getter)
			if err != nil {
				return err
			}
			namespace, err := cli.Namespace(getter)
			if err != nil {
				return err
			}
			reports, err := l.reports(command.Context(), namespace, arguments)
			if err != nil {
				return err
			}
			print := func(out io.Writer) error { return Print(out, reports) }
			if err := output.Print(streams.Out, result{reports}, print); err != nil {
				return err
			}
			return Err(reports)
		},
	}
	output.AddFlag(command)
	return command
}

// result is what -o json and yaml print.
type result struct {
	Reports []Report `json:"reports"`
}

func connect(getter genericclioptions.RESTClientGetter) (looker, error) {
	config, err := cli.Config(getter)
	if err != nil {
		return looker{}, err
	}
	c, err := cli.Client(config)
	if err != nil {
		return looker{}, err
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return looker{}, fmt.Errorf("reach the API server at %s: %w", config.Host, err)
	}
	lines := int64(logLines)
	return looker{
		client: c,
		version: func() (string, error) {
			version, err := clientset.ServerVersion()
			if err != nil {
				return "", err
			}
			return version.GitVersion, nil
		},
		log: func(ctx context.Context, namespace, pod string) ([]byte, error) {
			return clientset.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: contract.ContainerName, TailLines: &lines}).DoRaw(ctx)
		},
		published: func(ctx context.Context) (issuer.Comparison, error) {
			return issuer.Look(ctx, config, issuer.NewClient(nil))
		},
		now: time.Now(),
	}, nil
}

func (l looker) reports(ctx context.Context, namespace string, arguments []string) ([]Report, error) {
	if len(arguments) == 0 {
		report, err := l.installation(ctx)
		return []Report{report}, err
	}
	kind, name, err := kindOf(arguments[0])
	if err != nil {
		return nil, err
	}
	if kind == "deployment" {
		return l.deployment(ctx, namespace, name)
	}
	return l.pod(ctx, namespace, name)
}
