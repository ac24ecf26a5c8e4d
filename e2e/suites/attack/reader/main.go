// Command reader is an application that nobody means to attack: it asks for credentials at a steady rate, each time on a connection of its
// own. It serves what it has seen.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/podidentity/podidentity/e2e/suites/attack/figures"
)

// timeout is long: that an answer is late is for the suite to see.
const timeout = 10 * time.Second

func main() {
	var counter figures.Counter
	go func() {
		if err := ask(context.Background(), &counter, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	http.HandleFunc("GET /figures", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(counter.Take()) // whoever asks tells
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(":8000", nil)) //nolint:gosec // for the suite alone
	os.Exit(1)
}

// ask asks the sidecar of this pod or, with an argument, the auth service of that URL, until ctx ends.
func ask(ctx context.Context, counter *figures.Counter, args []string) error {
	prepare, client, every := sidecar, &http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}, 10*time.Millisecond
	if len(args) > 0 {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(os.Getenv("CA"))) {
			return fmt.Errorf("CA has no certificates")
		}
		transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "pod-identity-auth.pod-identity.svc", MinVersion: tls.VersionTLS13}}
		// Below the rate that the service grants an address.
		prepare, client, every = auth(args[0]), &http.Client{Timeout: timeout, Transport: transport}, 125*time.Millisecond
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		request, err := prepare(ctx)
		if err != nil {
			return err
		}
		begin := time.Now()
		complaint := answered(client, request)
		counter.Count(time.Since(begin), complaint)
	}
}

func sidecar(ctx context.Context) (*http.Request, error) {
	token, err := os.ReadFile(os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"), nil) //nolint:gosec // this is what SDKs do
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", string(token))
	return request, nil
}

func auth(url string) func(ctx context.Context) (*http.Request, error) {
	return func(ctx context.Context) (*http.Request, error) {
		token, err := os.ReadFile("/token/token")
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(map[string]string{"token": string(token)})
		if err != nil {
			return nil, err
		}
		return http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body)) //nolint:gosec // the suite says where
	}
}

// answered returns what is wrong with the answer.
func answered(client *http.Client, request *http.Request) (complaint string) {
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }() // only read from
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err.Error()
	case response.StatusCode != http.StatusOK:
		return fmt.Sprintf("%s: %s", response.Status, body)
	case !bytes.Contains(bytes.ToLower(body), []byte("accesskeyid")):
		return fmt.Sprintf("no credentials in an answer of %d bytes", len(body))
	}
	return ""
}
