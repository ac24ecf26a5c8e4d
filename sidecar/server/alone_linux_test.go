package server_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/sidecar/server"
)

// A process that listened while the sidecar was away has closed its listener, and keeps a connection of a client.
func TestNothingIsServedWhileAnotherProcessHasAConnectionThatCameToThePort(t *testing.T) {
	for name, address := range map[string]string{"of 127.0.0.1": "127.0.0.1:0", "of every address": "[::]:0"} {
		t.Run(name, func(t *testing.T) {
			thief, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			_, port, err := net.SplitHostPort(thief.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			ours := net.JoinHostPort("127.0.0.1", port)
			client, err := new(net.Dialer).DialContext(t.Context(), "tcp4", ours)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			kept, err := thief.Accept()
			if err != nil {
				t.Fatal(err)
			}
			_ = thief.Close()
			listener, err := server.Listen(t.Context(), ours)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			log, lines := logrustest.NewNullLogger()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			server.AwaitAlone(ctx, listener, log)
			if ctx.Err() == nil {
				t.Error("it did not wait")
			}
			if n := len(lines.AllEntries()); n != 1 || lines.LastEntry().Level != logrus.WarnLevel {
				t.Errorf("%d lines tell of it", n)
			}
			_ = kept.Close()
			server.AwaitAlone(t.Context(), listener, log)
		})
	}
}

// Clients of this process, and those that it has not accepted yet, are no reason to wait.
func TestConnectionsThatNobodyHasAcceptedDoNotKeepTheSidecarWaiting(t *testing.T) {
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	client, err := new(net.Dialer).DialContext(t.Context(), "tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Write([]byte("GET")); err != nil {
		t.Fatal(err)
	}
	log, lines := logrustest.NewNullLogger()
	server.AwaitAlone(t.Context(), listener, log)
	if len(lines.AllEntries()) > 0 {
		t.Errorf("it waited: %v", lines.LastEntry().Message)
	}
}
