// Package preview shows pods and workloads as the webhook would admit them: what it prints, a cluster does.
package preview

import (
	"errors"
	"fmt"
	"io"

	"github.com/podidentity/podidentity/webhook/inject"
)

// Settings are what a preview is told.
type Settings struct {
	// Files are paths of files and folders; "-" is standard input.
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
	sources, unreadable := readSources(settings.Files, stdin)
	documents, malformed := parse(sources)
	surroundings, unusable := survey(documents, settings)
	outcomes, unfit := admitAll(documents, surroundings, settings.Injection)
	if err := errors.Join(unreadable, malformed, unusable, unfit); err != nil {
		return err
	}
	if len(documents) == 0 {
		return errors.New("there is no object in the input: name a file or folder after -f, or write objects to standard input")
	}
	show := printObjects
	if settings.Diff {
		show = printDiff
	}
	text, err := show(documents, outcomes)
	if err != nil {
		return err
	}
	_, notTold := io.WriteString(stderr, lines(outcomes))
	_, notShown := io.WriteString(stdout, text)
	if err := errors.Join(notTold, notShown); err != nil {
		return fmt.Errorf("write what was previewed: %w", err)
	}
	return nil
}
