// Package preview shows pods and workloads as the webhook would admit them in a cluster.
package preview

import (
	"errors"
	"fmt"
	"io"

	"github.com/podidentity/podidentity/webhook/inject"
)

// Settings of a preview.
type Settings struct {
	// Files are paths of files and directories; "-" is standard input.
	Files []string
	// Namespace of objects that name none.
	Namespace string
	// Mode is the value of the injection label of namespaces that are not among the objects.
	Mode string
	// Diff prints what would change, instead of the objects as they would be.
	Diff bool
	// IRSA and Injection are settings of the webhook in the cluster.
	IRSA      bool
	Injection inject.Settings
}

// Run prints the objects to stdout, and to stderr one line for each about what happened to it. If any object is invalid, it
// prints nothing and returns everything that is wrong.
func Run(settings Settings, stdin io.Reader, stdout, stderr io.Writer) error {
	sources, sourceErr := readSources(settings.Files, stdin)
	documents, documentErr := parse(sources)
	state, stateErr := collect(documents, settings)
	outcomes, podErr := admitAll(documents, state, settings.Injection)
	if err := errors.Join(sourceErr, documentErr, stateErr, podErr); err != nil {
		return err
	}
	if len(documents) == 0 {
		return errors.New("there is no object in the input: name a file or directory with -f, or write objects to standard input")
	}
	show := printObjects
	if settings.Diff {
		show = printDiff
	}
	text, err := show(documents, outcomes)
	if err != nil {
		return err
	}
	_, stderrErr := io.WriteString(stderr, summary(outcomes))
	_, stdoutErr := io.WriteString(stdout, text)
	if err := errors.Join(stderrErr, stdoutErr); err != nil {
		return fmt.Errorf("write the preview: %w", err)
	}
	return nil
}
