package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// hold connects from address again and again, sends what stays the beginning of a request, and holds each connection to its end.
func hold(ctx context.Context, to, address string, held func()) {
	for ctx.Err() == nil {
		conn, err := from(address)(ctx, "tcp4", to)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		_, err = conn.Write([]byte("GET /readyz HTTP/1.1\r\nHost: "))
		held()
		_, errRead := conn.Read(make([]byte, 1)) // until it is closed
		_, _ = errors.Join(err, errRead), conn.Close()
		stop()
	}
}

func TestPeersThatHoldTheirConnectionsDoNotKeepTheKubeletOut(t *testing.T) {
	for name, test := range map[string]struct{ peers, each int }{
		"one peer":                       {1, 50},
		"as many peers as there is room": {maxConnections, 2},
		"more peers than there is room":  {3 * maxConnections, 1},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t)
			ctx, stop := context.WithCancel(t.Context())
			var all, begun sync.WaitGroup
			begun.Add(test.peers * test.each)
			for peer := range test.peers {
				for range test.each {
					once := sync.OnceFunc(begun.Done)
					all.Go(func() { hold(ctx, address, fmt.Sprintf("127.0.1.%d", peer+1), once) })
				}
			}
			begun.Wait()
			// The kubelet's probe fails the pod after one failure in this test; the probes of a real one come every 30 s.
			for range 20 {
				if status, err := probe(t, address); err != nil || status != 200 {
					t.Errorf("a probe is answered with %d, %v", status, err)
				}
			}
			stop()
			all.Wait()
		})
	}
}

func TestASilentConnectionIsClosedAfterASecond(t *testing.T) {
	conn, err := from("127.0.1.1")(t.Context(), "tcp4", serve(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Errorf("it was closed with %v", err)
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
