package config

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestHelpListsEveryFlag(t *testing.T) {
	var help strings.Builder
	if _, err := Parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("got %v", err)
	}
	config := Default()
	listed := 1 // --version, which every command has
	flagSet(&config).VisitAll(func(f *flag.Flag) {
		listed++
		if !strings.Contains(help.String(), "  -"+f.Name+" ") && !strings.Contains(help.String(), "  -"+f.Name+"\n") || f.Usage == "" {
			t.Errorf("-%s is missing or is not explained", f.Name)
		}
	})
	if lines := strings.Count(help.String(), "\n  -") + 1; lines != listed {
		t.Errorf("help lists %d flags, there are %d", lines, listed)
	}
}
