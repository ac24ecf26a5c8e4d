package logs

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cli"
)

// Command shows the end of the log of a pod's sidecar.
func Command(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	lines := int64(20)
	options := &corev1.PodLogOptions{Container: contract.ContainerName, TailLines: &lines}
	command := &cobra.Command{
		Use:   "logs POD",
		Short: "Show what the sidecar of a pod has logged, in words",
		Example: `  kubectl pod-identity logs --namespace shop checkout-5d7c8

  # Of the container before the last restart
  kubectl pod-identity logs --namespace shop checkout-5d7c8 --previous`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			config, err := cli.Config(getter)
			if err != nil {
				return err
			}
			namespace, err := cli.Namespace(getter)
			if err != nil {
				return err
			}
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return fmt.Errorf("reach the API server at %s: %w", config.Host, err)
			}
			log, err := client.CoreV1().Pods(namespace).GetLogs(arguments[0], options).DoRaw(command.Context())
			if err != nil {
				return fmt.Errorf("read the log of the sidecar: %w; while the sidecar waits for the first credentials, the kubelet refuses it: kubectl pod-identity check --namespace %s %s",
					err, namespace, arguments[0])
			}
			if len(log) == 0 {
				return errors.New("the sidecar has logged nothing")
			}
			if _, err := io.WriteString(streams.Out, Words(log)); err != nil {
				return fmt.Errorf("write the log: %w", err)
			}
			return nil
		},
	}
	command.Flags().Int64Var(&lines, "tail", lines, "how many lines to show, -1 for all")
	command.Flags().BoolVarP(&options.Previous, "previous", "p", false, "of the container before the last restart")
	return command
}
