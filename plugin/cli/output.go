package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"
)

// Formats of the flag -o.
const (
	formatJSON = "json"
	formatYAML = "yaml"
	formatWide = "wide"
)

// Output prints what a command has found, as the flag -o says.
type Output struct {
	format string
}

// AddFlag adds -o to a command.
func (o *Output) AddFlag(command *cobra.Command) {
	command.Flags().StringVarP(&o.format, "output", "o", "", "json, yaml or wide")
	formats := cobra.FixedCompletions([]string{formatJSON, formatYAML, formatWide}, cobra.ShellCompDirectiveNoFileComp)
	if err := command.RegisterFlagCompletionFunc("output", formats); err != nil {
		panic(fmt.Sprintf("complete a flag that was just added: %v", err))
	}
}

// Validate refuses a format that there is not.
func (o *Output) Validate() error {
	if !slices.Contains([]string{"", formatJSON, formatYAML, formatWide}, o.format) {
		return fmt.Errorf("-o is %q: set it to json, yaml or wide, or leave it out", o.format)
	}
	return nil
}

// Wide reports whether people want all columns.
func (o *Output) Wide() bool { return o.format == formatWide }

// Print writes the object for programs, or else calls text for people.
func (o *Output) Print(out io.Writer, object any, text func(io.Writer) error) error {
	var encoded []byte
	var err error
	switch o.format {
	case formatJSON:
		encoded, err = json.MarshalIndent(object, "", "  ")
		encoded = append(encoded, '\n')
	case formatYAML:
		encoded, err = yaml.Marshal(object)
	default:
		return text(out)
	}
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	if _, err := out.Write(encoded); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// Table writes rows in columns, as kubectl does. A cell that is empty becomes <none>.
func Table(out io.Writer, header []string, rows [][]string) error {
	writer := printers.GetNewTabWriter(out)
	for _, row := range append([][]string{header}, rows...) {
		cells := slices.Clone(row)
		for i := range cells {
			if cells[i] == "" {
				cells[i] = "<none>"
			}
		}
		if _, err := fmt.Fprintln(writer, strings.Join(cells, "\t")); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
	}
	if err := writer.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}
