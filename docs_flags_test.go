package podidentity_test

import (
	"errors"
	"flag"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	authconfig "github.com/podidentity/podidentity/auth/config"
	"github.com/podidentity/podidentity/plugin"
	sidecarconfig "github.com/podidentity/podidentity/sidecar/config"
	webhookconfig "github.com/podidentity/podidentity/webhook/config"
)

// flagLine is a flag in the help that the flag package writes of every flag of a set.
var flagLine = regexp.MustCompile(`(?m)^  -([a-z-]+)`)

// helped are the flags that a command's help lists, a single letter behind one dash.
func helped(t *testing.T, parse func(arguments []string, help io.Writer) error) []string {
	t.Helper()
	var help strings.Builder
	if err := parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("--help gave %v", err)
	}
	var flags []string
	for _, match := range flagLine.FindAllStringSubmatch(help.String(), -1) {
		dashes := "--"
		if len(match[1]) == 1 {
			dashes = "-"
		}
		flags = append(flags, dashes+match[1])
	}
	if len(flags) == 0 {
		t.Fatal("the help lists no flag")
	}
	return flags
}

func webhookFlags(t *testing.T) []string {
	t.Helper()
	return helped(t, func(arguments []string, help io.Writer) error {
		_, err := webhookconfig.Parse(arguments, help)
		return err
	})
}

// previewFlags are those of preview alone: what pods get is told by flags of the webhook.
func previewFlags(t *testing.T) []string {
	t.Helper()
	command, _, err := plugin.Command(genericiooptions.NewTestIOStreamsDiscard()).Find([]string{"preview"})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	shared := webhookFlags(t)
	command.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if name := "--" + f.Name; !slices.Contains(shared, name) {
			all = append(all, name, "-"+f.Shorthand)
		}
	})
	return slices.DeleteFunc(all, func(name string) bool { return name == "-" })
}

func authFlags(t *testing.T) []string {
	t.Helper()
	return helped(t, func(arguments []string, help io.Writer) error {
		_, err := authconfig.Parse(arguments, help)
		return err
	})
}

// sidecarFlags are those of the sidecar and of its subcommands.
func sidecarFlags(t *testing.T) []string {
	t.Helper()
	serve := helped(t, func(arguments []string, help io.Writer) error {
		_, err := sidecarconfig.Parse(arguments, func(string) string { return "" }, help)
		return err
	})
	probe := helped(t, func(arguments []string, help io.Writer) error {
		_, _, err := sidecarconfig.ParseProbe(arguments, help)
		return err
	})
	return unique(append(serve, probe...))
}

// sidecarEnvironment are the variables that the sidecar looks up.
func sidecarEnvironment(t *testing.T) []string {
	t.Helper()
	var looked []string
	_, err := sidecarconfig.Parse(nil, func(name string) string {
		looked = append(looked, name)
		return ""
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return unique(looked)
}

// fields are the names of a struct's fields in JSON.
func fields[T any]() []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	return names
}
