package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// reviews asks as an API server would, again and again.
type reviews struct {
	workers int
	object  string
}

func (r reviews) run(ctx context.Context, targets []string, came *outcome) {
	body := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"version":"v1","kind":"Pod"},` +
		`"resource":{"version":"v1","resource":"pods"},"namespace":"attacked","operation":"CREATE","object":` + r.object + `}}`
	client := clientWith(&tls.Config{InsecureSkipVerify: true}, r.workers) //nolint:gosec // an attacker does not care
	again(ctx, targets, r.workers, func(target string, _ int) {
		send(ctx, client, "https://"+target+"/pods/enabled", "", body, came)
	})
}

// pods creates them by the API server, as the service account of this pod.
type pods struct {
	workers int
	object  string
}

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func (p pods) run(ctx context.Context, _ []string, came *outcome) {
	ca, errCA := os.ReadFile(account + "ca.crt")
	token, errToken := os.ReadFile(account + "token")
	if errCA != nil || errToken != nil {
		came.note("no service account")
		return
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := clientWith(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, p.workers)
	server := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	again(ctx, []string{server}, p.workers, func(target string, _ int) {
		send(ctx, client, "https://"+target+"/api/v1/namespaces/attacked/pods?dryRun=All", string(token), p.object, came)
	})
}

func clientWith(config *tls.Config, connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: connections}}
}

// send counts the status of the answer.
func send(ctx context.Context, client *http.Client, url, token, body string, came *outcome) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body)) //nolint:gosec // the suite says where
	if err != nil {
		came.note("no request")
		return
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	came.note("asked")
	response, err := client.Do(request) //nolint:gosec // the suite says where
	if err != nil {
		if ctx.Err() == nil {
			came.note("no answer")
			pause(ctx)
		}
		return
	}
	came.note(response.Status)
	_, _ = io.Copy(io.Discard, response.Body) // the attack may have ended
	_ = response.Body.Close()
}
