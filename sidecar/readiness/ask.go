package readiness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

const (
	// knock is the time between two attempts to reach a sidecar that does not listen yet.
	knock = 10 * time.Millisecond
	// longest is how long the sidecar may hold one answer back.
	longest = 30 * time.Second
	// margin is kept of the caller's time for the way of an answer.
	margin    = 100 * time.Millisecond
	maxAnswer = 16 << 10
)

// Ask asks the sidecar that listens on address until the Status is settled or timeout is over, and returns the last one.
// A sidecar that does not listen yet is waited for. The error says why there is no Status at all.
func Ask(ctx context.Context, address string, timeout time.Duration) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var last Status
	for {
		status, err := ask(ctx, client, address)
		switch {
		case err == nil && status.Settled():
			return status, nil
		case err == nil:
			last = status
		case !errors.Is(err, syscall.ECONNREFUSED) && ctx.Err() == nil:
			return Status{}, err
		}
		select {
		case <-ctx.Done():
			return verdict(last, address, err)
		case <-time.After(knock):
		}
	}
}

// verdict is what is known when the time is over.
func verdict(last Status, address string, err error) (Status, error) {
	if last.State == "" {
		return Status{}, fmt.Errorf("the sidecar does not answer on %s: %w", address, err)
	}
	return last, nil
}

func ask(ctx context.Context, client *http.Client, address string) (Status, error) {
	deadline, _ := ctx.Deadline()
	wait := max(0, min(longest, time.Until(deadline)-margin))
	query := url.Values{WaitParameter: {wait.Round(time.Millisecond).String()}}
	target := url.URL{Scheme: "http", Host: address, Path: Path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return Status{}, fmt.Errorf("address the sidecar: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return Status{}, fmt.Errorf("ask the sidecar: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var status Status
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&status); err != nil || status.State == "" {
		return Status{}, fmt.Errorf("what listens on %s is no sidecar: it answered %s to %s", address, response.Status, Path)
	}
	return status, nil
}
