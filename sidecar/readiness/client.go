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
	// pollInterval is the time between two attempts to reach a sidecar that does not listen yet.
	pollInterval = 10 * time.Millisecond
	// maxWait bounds how long the sidecar may hold back one response.
	maxWait = 30 * time.Second
	// failingWait is how long a wait lasts at least while fetches fail: as long as IAM may take to propagate a new role. recheckWait is the time
	// between two looks after that.
	failingWait = 10 * time.Second
	recheckWait = time.Second
	// longWait is the longest wait that failures end. Who asks for a longer one wants no application to start during an outage.
	longWait = 30 * time.Second
	// responseMargin is left of the timeout for the response to arrive in.
	responseMargin = 100 * time.Millisecond
	maxBody        = 16 << 10
)

// Client asks a running sidecar for its Status.
type Client struct {
	// Address is where the sidecar listens.
	Address string
	// Timeout bounds how long to wait for a Status that is not Pending.
	Timeout time.Duration

	// transport is nil but for tests.
	transport http.RoundTripper
}

// Wait returns the Status as soon as it is not Pending, or the last one before the timeout. A Status that is Failing ends a wait of the usual
// length after ten seconds, because people see the reason only when it ends. It also waits for a sidecar that does not listen yet, or has
// closed the connection. The error says why there is no Status at all.
func (c Client) Wait(ctx context.Context) (Status, error) {
	failingUntil := time.Now().Add(failingWait)
	if c.Timeout > longWait {
		failingUntil = time.Now().Add(c.Timeout)
	}
	next := func() time.Duration {
		if left := time.Until(failingUntil); left > 0 {
			return min(maxWait, left)
		}
		return recheckWait
	}
	return c.await(ctx, next, func(s Status) bool { return s.State != Pending || s.Failing && time.Until(failingUntil) <= 0 })
}

// Status returns the Status of this moment. It waits for a sidecar as Wait does.
func (c Client) Status(ctx context.Context) (Status, error) {
	return c.await(ctx, func() time.Duration { return 0 }, func(Status) bool { return true })
}

// await asks until a Status is the one to return. Next is how long the sidecar may hold back the next one.
func (c Client) await(ctx context.Context, next func() time.Duration, until func(Status) bool) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if c.transport != nil {
		client.Transport = c.transport
	}
	var last Status
	for {
		status, err := c.get(ctx, client, next())
		switch {
		case err == nil && until(status):
			return status, nil
		case err == nil:
			last = status
		case !isClosed(err) && ctx.Err() == nil:
			return Status{}, err
		}
		select {
		case <-time.After(pollInterval):
			continue
		case <-ctx.Done():
		}
		if last.State == "" {
			return Status{}, fmt.Errorf("the sidecar does not answer on %s: %w", c.Address, err)
		}
		return last, nil
	}
}

// isClosed reports whether there is no sidecar yet, or it had no room for the connection any more.
func isClosed(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)
}

func (c Client) get(ctx context.Context, client *http.Client, most time.Duration) (Status, error) {
	deadline, _ := ctx.Deadline()
	wait := max(0, min(most, time.Until(deadline)-responseMargin))
	query := url.Values{WaitParameter: {wait.Round(time.Millisecond).String()}}
	target := url.URL{Scheme: "http", Host: c.Address, Path: Path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return Status{}, fmt.Errorf("make a request to the sidecar: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return Status{}, fmt.Errorf("request the status of the sidecar: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var status Status
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&status); err != nil || status.State == "" {
		return Status{}, fmt.Errorf("the server on %s is not a sidecar: it answered %s to %s", c.Address, response.Status, Path)
	}
	return status, nil
}
