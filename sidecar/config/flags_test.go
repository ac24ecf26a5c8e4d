package config_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

func TestClientArguments(t *testing.T) {
	got, err := config.ParseWait([]string{"--listen=127.0.0.1:99", "--timeout=5s"}, new(bytes.Buffer))
	if want := (readiness.Client{Address: "127.0.0.1:99", Timeout: 5 * time.Second}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, want := range []bool{false, true} {
		args := []string{"--listen=127.0.0.1:99"}
		if want {
			args = append(args, "--live")
		}
		got, live, err := config.ParseProbe(args, new(bytes.Buffer))
		if err != nil || live != want || got != (readiness.Client{Address: "127.0.0.1:99", Timeout: config.DefaultProbe}) {
			t.Errorf("got %+v, %t, %v", got, live, err)
		}
	}
	for name, args := range map[string][]string{
		"another host is refused":                   {"--listen=10.0.0.1:99"},
		"a negative timeout is refused":             {"--timeout=-1s"},
		"a timeout without a unit is refused":       {"--timeout=5"},
		"an argument that is not a flag is refused": {"30s"},
		"the flag of the other command is refused":  {"--live"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := config.ParseWait(args, new(bytes.Buffer)); err == nil {
				t.Error("accepted")
			}
		})
	}
}
