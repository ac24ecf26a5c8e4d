package preview_test

import (
	"strings"
	"testing"
)

func TestPreviewTakesTheSettingsOfTheWebhookAndNoFlagOfItsServer(t *testing.T) {
	usage := run(t, []string{"--help"}, "").Stdout
	for _, name := range []string{"-f, --filename path", "-o, --output diff", "--mode", "--namespace", "--image", "--sts-endpoint", "--limits", "--irsa"} {
		if !strings.Contains(usage, name) {
			t.Errorf("%s is missing", name)
		}
	}
	if strings.Contains(usage, "--ca-secret") {
		t.Error("a flag of the server is there")
	}
}
