// Package check finds what is wrong, with the installation or with one pod, and what mends it.
package check

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podidentity/podidentity/plugin/cli"
)

// State is how something is.
type State string

// The states.
const (
	OK State = "ok"
	// Note is worth to know, and nothing is wrong.
	Note State = "note"
	// Wrong needs somebody to mend it.
	Wrong State = "wrong"
	// Unknown could not be looked at.
	Unknown State = "unknown"
)

// Finding is one line: what was looked at, how it is, what that means, and what mends it.
type Finding struct {
	Check   string `json:"check"`
	State   State  `json:"state"`
	Message string `json:"message"`
	// Remedy is a command or a document.
	Remedy string `json:"remedy,omitempty"`
}

func ok(check, format string, values ...any) Finding {
	return Finding{Check: check, State: OK, Message: fmt.Sprintf(format, values...)}
}

func note(check, format string, values ...any) Finding {
	return Finding{Check: check, State: Note, Message: fmt.Sprintf(format, values...)}
}

func wrong(check, remedy, format string, values ...any) Finding {
	return Finding{Check: check, State: Wrong, Message: fmt.Sprintf(format, values...), Remedy: remedy}
}

// unknown is what is said of something that could not be read.
func unknown(check string, err error) Finding {
	remedy := "kubectl get --raw /readyz"
	if apierrors.IsForbidden(err) {
		remedy = "have somebody bind you the ClusterRole of docs/kubectl.md#what-it-may-read"
	}
	return Finding{Check: check, State: Unknown, Message: err.Error(), Remedy: remedy}
}

// Report is what was found about one thing.
type Report struct {
	// Subject is what was looked at, such as pod/web.
	Subject  string    `json:"subject"`
	Findings []Finding `json:"findings"`
}

// Err is nil where all is well, cli.WrongError where something is wrong, and another error where something could not be looked at.
func Err(reports []Report) error {
	var err error
	for _, report := range reports {
		for _, finding := range report.Findings {
			if finding.State == Wrong {
				return cli.WrongError{}
			}
			if finding.State == Unknown {
				err = cmp.Or(err, fmt.Errorf("%s could not be looked at", finding.Check))
			}
		}
	}
	return err
}

// Print writes the reports for people.
func Print(out io.Writer, reports []Report) error {
	for i, report := range reports {
		if i > 0 {
			if _, err := fmt.Fprintln(out); err != nil {
				return fmt.Errorf("write the findings: %w", err)
			}
		}
		if _, err := fmt.Fprintln(out, report.Subject); err != nil {
			return fmt.Errorf("write the findings: %w", err)
		}
		width := 0
		for _, finding := range report.Findings {
			width = max(width, len(finding.Check))
		}
		for _, finding := range report.Findings {
			if _, err := fmt.Fprintf(out, "  %-7s  %-*s  %s\n", finding.State, width, finding.Check, finding.sentence()); err != nil {
				return fmt.Errorf("write the findings: %w", err)
			}
		}
	}
	return nil
}

func (f Finding) sentence() string {
	if f.Remedy == "" {
		return f.Message
	}
	return f.Message + " -> " + f.Remedy
}

// settled is the findings, or else that all is well.
func settled(findings []Finding, well Finding) []Finding {
	if slices.ContainsFunc(findings, func(f Finding) bool { return f.State != Note }) {
		return findings
	}
	return append([]Finding{well}, findings...)
}
