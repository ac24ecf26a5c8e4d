package flags_test

import (
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/internal/flags"
)

func parse(arguments ...string) (wait, help string, err error) {
	var written strings.Builder
	set := flag.NewFlagSet("server check", flag.ContinueOnError)
	set.StringVar(&wait, "wait", "10s", "how long to wait")
	err = flags.Parse(set, arguments, &written)
	return wait, written.String(), err
}

func TestFlagsAreParsed(t *testing.T) {
	if wait, help, err := parse("--wait=1m"); err != nil || wait != "1m" || help != "" {
		t.Errorf("got %q, help %q, %v", wait, help, err)
	}
}

func TestHelpListsTheFlagsAndIsNoMistake(t *testing.T) {
	if _, help, err := parse("--help"); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help, "-wait") || !strings.Contains(help, "how long to wait") {
		t.Errorf("help %q, %v", help, err)
	}
}

func TestTheVersionIsPrintedAndIsNoMistake(t *testing.T) {
	if _, help, err := parse("--version"); !errors.Is(err, flag.ErrHelp) || !strings.HasPrefix(help, "server check ") || strings.Count(help, "\n") != 1 {
		t.Errorf("help %q, %v", help, err)
	}
}

func TestAMistakeIsReturnedOnceAndNamesTheHelp(t *testing.T) {
	for argument, want := range map[string]string{
		"--fast": "not defined: -fast; server check --help lists the flags",
		"fast":   `"fast" is not a flag; server check --help lists the flags`,
	} {
		if _, help, err := parse(argument); err == nil || !strings.Contains(err.Error(), want) || help != "" {
			t.Errorf("%s: help %q, %v", argument, help, err)
		}
	}
}

func TestURLs(t *testing.T) {
	for text, want := range map[string]struct{ isURL, isTLS bool }{
		"https://sts.eu-central-1.amazonaws.com": {true, true},
		"http://minio:9000":                      {true, false},
		"https://[fd00::1]:9000":                 {true, true},
		"https://[fd00::1]":                      {true, true},
		"https://fd00::1:9000":                   {false, false},
		"https://auth?x=y":                       {true, false},
		"https://auth#x":                         {true, false},
		"minio:9000":                             {false, false},
		"https://":                               {false, false},
		"":                                       {false, false},
		"://":                                    {false, false},
	} {
		if flags.IsURL(text) != want.isURL || flags.IsTLSURL(text) != want.isTLS {
			t.Errorf("%q: %t, %t", text, flags.IsURL(text), flags.IsTLSURL(text))
		}
	}
}

func TestAPortIsNotBelowTheLeast(t *testing.T) {
	for port, ok := range map[int]bool{1023: false, 1024: true, 65535: true, 65536: false} {
		if err := flags.RequirePort("--port", port, 1024); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "--port is") {
			t.Errorf("%d: %v", port, err)
		}
	}
}
