package config_test

import (
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/webhook/config"
)

func TestPreviewNeedsNoArgument(t *testing.T) {
	p, err := config.ParsePreview(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Files, []string{"-"}) || p.Mode != "enabled" || p.Namespace != "default" || p.Injection.Image != "podidentity/sidecar:dev" {
		t.Errorf("unexpected %+v", p)
	}
}

func TestPreviewTakesTheSettingsOfTheServer(t *testing.T) {
	arguments := []string{"--image=sidecar:v1", "--region=eu-central-1", "--limits=cpu=1,memory=64Mi", "--disable-imds=false"}
	p, err := config.ParsePreview(arguments, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(append(arguments, "--namespace=pod-identity"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if p.Injection.Region != c.Injection.Region || p.Injection.DisableIMDS || p.Injection.Image != "sidecar:v1" ||
		!p.Injection.Resources.Limits.Memory().Equal(*c.Injection.Resources.Limits.Memory()) {
		t.Errorf("got  %+v\nwant %+v", p.Injection, c.Injection)
	}
}

func TestHelpOfPreviewListsItsFlagsAndTheSettings(t *testing.T) {
	var usage strings.Builder
	if _, err := config.ParsePreview([]string{"--help"}, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"-f path", "-o diff", "-mode", "-namespace", "-image", "-sts-endpoint"} {
		if !strings.Contains(usage.String(), name) {
			t.Errorf("%s is missing", name)
		}
	}
	if strings.Contains(usage.String(), "-ca-secret") {
		t.Error("a flag of the server is there")
	}
}
