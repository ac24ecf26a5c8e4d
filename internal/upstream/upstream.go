// Package upstream reads what other servers answer: never without a bound, and never repeating a secret.
package upstream

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// maxLine bounds, in bytes, what is repeated of a server's message.
	maxLine = 600
	// maxBody bounds what is read of a response. A session has about 2 KB.
	maxBody = 1 << 20
)

// Line makes one line of a server's message, of bounded length and with the secrets replaced, in case the server repeats them.
func Line(message string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			message = strings.ReplaceAll(message, secret, "[secret]")
		}
	}
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(message) > maxLine {
		message = strings.ToValidUTF8(message[:maxLine], "") + "..."
	}
	return message
}

// RetryAfter is the time after which a response allows the next request. It is zero where the response sets none.
func RetryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// LimitBody makes the body of a response end after one MiB.
func LimitBody(response *http.Response) {
	response.Body = limitedBody{io.LimitReader(response.Body, maxBody), response.Body}
}

type limitedBody struct {
	io.Reader
	io.Closer
}
