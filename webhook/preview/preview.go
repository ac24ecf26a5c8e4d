// Package preview shows pods and workloads as the webhook would admit them: what it prints, a cluster does.
package preview

import (
	"errors"
	"fmt"
	"io"

	"github.com/podidentity/podidentity/webhook/config"
)

// Run prints the objects that c names to stdout, and what happened to each, a line each, to stderr. The error is all that
// is bad about the objects, a sentence each; nothing is printed then.
func Run(c config.Preview, stdin io.Reader, stdout, stderr io.Writer) error {
	sources, unreadable := readSources(c.Files, stdin)
	documents, malformed := parse(sources)
	surroundings, unusable := survey(documents, c)
	outcomes, unfit := admitAll(documents, surroundings, c.Injection)
	if err := errors.Join(unreadable, malformed, unusable, unfit); err != nil {
		return err
	}
	if len(documents) == 0 {
		return errors.New("there is no object in the input: name a file or folder after -f, or write objects to standard input")
	}
	show := printObjects
	if c.Diff {
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
