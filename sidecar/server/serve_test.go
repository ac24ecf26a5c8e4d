package server_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/server"
)

// serve starts a server on a free port.
func serve(t testing.TB, k *credentials.Sets) (address string, stop func() error) {
	t.Helper()
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- newServer(t, k).Serve(ctx, listener) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = stop() })
	return listener.Addr().String(), stop
}

// get requests the credentials as SDKs do, over a new connection.
func get(ctx context.Context, address string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Authorization", string(token))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

func TestRule12ConnectionsAreNotKept(t *testing.T) {
	address, _ := serve(t, readySets(t))
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: "+string(token)+"\r\n\r\n")
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || !response.Close || response.StatusCode != 200 || response.ContentLength <= 0 {
		t.Fatalf("%+v, %v", response, err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	if _, err := reader.ReadByte(); err != io.EOF {
		t.Errorf("the connection gives %v after the response", err)
	}
}

// waitingKeeper closes waiting when a request waits for credentials.
type waitingKeeper struct {
	*credentials.Container
	waiting chan struct{}
	once    sync.Once
}

func (k *waitingKeeper) Wake() {
	k.once.Do(func() { close(k.waiting) })
	k.Container.Wake()
}

func TestRule16RequestsInFlightAreAnsweredAtShutdown(t *testing.T) {
	release := make(chan struct{})
	sets := newSets(t, blockedSource{release})
	sets.SetIdentities(associated())
	k := &waitingKeeper{Container: sets.Of(""), waiting: make(chan struct{})}
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, shutdown := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := server.New(func(string) server.Keeper { return k }, reporter(t, sets), tokens(t), discardLog(), time.Now)
	go func() { ended <- s.Serve(ctx, listener) }()
	status := make(chan int, 1)
	go func() {
		response, _, err := get(t.Context(), listener.Addr().String())
		if err != nil {
			status <- 0
			return
		}
		status <- response.StatusCode
	}()
	<-k.waiting
	shutdown()
	close(release)
	if got := <-status; got != 200 && got != 503 {
		t.Errorf("the request in flight got %d", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// blockedSource answers once release is closed.
type blockedSource struct{ release chan struct{} }

func (b blockedSource) Fetch(ctx context.Context, _ contract.Identity) (credentials.Credentials, error) {
	<-b.release
	return source{}.Fetch(ctx, contract.Identity{})
}

func TestLongPollsDoNotDelayShutdown(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	k := newSets(t, blockedSource{release})
	k.SetIdentities(associated())
	address, stop := serve(t, k)
	answered := make(chan error, 1)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET /v1/ready?wait=60s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	go func() {
		_, err := http.ReadResponse(bufio.NewReader(conn), nil)
		answered <- err
	}()
	if err := stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	t.Logf("the long poll ended with %v", <-answered)
}

func TestIdleConnectionsDoNotPreventShutdown(t *testing.T) {
	address, stop := serve(t, readySets(t))
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
