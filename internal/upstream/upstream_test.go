package upstream_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/internal/upstream"
)

func TestAMessageBecomesOneShortLineWithoutSecrets(t *testing.T) {
	got := upstream.Line("the token\n abc\x00 is  bad "+strings.Repeat("é", 1000), "abc", "")
	if !strings.HasPrefix(got, "the token [secret] is bad é") || len(got) > 610 || strings.ContainsAny(got, "\n\x00�") {
		t.Errorf("got %q", got)
	}
}

func TestRetryAfterIsReadInSeconds(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "-1": 0, "99999999": 0, "Wed, 21 Oct 2026 07:28:00 GMT": 0,
	} {
		if got := upstream.RetryAfter(http.Header{"Retry-After": {header}}); got != want {
			t.Errorf("%q is read as %s, want %s", header, got, want)
		}
	}
}

func TestABodyEndsAtItsLimit(t *testing.T) {
	response := &http.Response{Body: io.NopCloser(bytes.NewReader(make([]byte, 3<<20)))}
	upstream.LimitBody(response)
	body, err := io.ReadAll(response.Body)
	if err != nil || len(body) != 1<<20 {
		t.Errorf("read %d bytes: %v", len(body), err)
	}
}
