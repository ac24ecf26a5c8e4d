package admission

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// readBody reads a review. It takes memory as the body arrives: a client that only claims more does not get more.
func readBody(ctx context.Context, r *http.Request, taken *reservation) ([]byte, error) {
	limited := io.LimitReader(r.Body, maxReviewBytes+1)
	// The byte more is for the end of the body.
	body := make([]byte, 0, min(max(r.ContentLength, 0), freeBytes-1)+1)
	for {
		n, err := limited.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if len(body) > maxReviewBytes {
			return nil, &refusal{fmt.Errorf("the review has more than %d bytes", maxReviewBytes), http.StatusRequestEntityTooLarge}
		}
		if errors.Is(err, io.EOF) {
			return body, check(r, body)
		}
		if err != nil {
			return nil, badRequest(fmt.Errorf("read the review: %w", err))
		}
		if len(body) < cap(body) {
			continue
		}
		if body, err = grow(ctx, body, taken); err != nil {
			return nil, err
		}
	}
}

// grow copies a body into a buffer of twice the size. For a moment there are both.
func grow(ctx context.Context, body []byte, taken *reservation) ([]byte, error) {
	size := min(2*cap(body), maxReviewBytes+1)
	if err := taken.resize(ctx, cap(body)+size); err != nil {
		return nil, err
	}
	return append(make([]byte, 0, size), body...), taken.resize(ctx, size)
}

func check(r *http.Request, body []byte) error {
	if contentType := r.Header.Get("Content-Type"); contentType != "application/json" {
		return badRequest(fmt.Errorf("the content type of the review is %q, not application/json", contentType))
	}
	if len(body) == 0 {
		return badRequest(errors.New("the review is empty"))
	}
	return nil
}
