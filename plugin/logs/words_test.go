package logs_test

import (
	"testing"

	"github.com/podidentity/podidentity/plugin/logs"
)

func TestEachLineBecomesASentence(t *testing.T) {
	for name, test := range map[string]struct{ line, want string }{
		"new credentials": {
			`{"expires":"2026-11-28T13:00:00Z","level":"info","msg":"fetched credentials","refreshIn":"29m12s","time":"2026-11-28T12:00:00Z"}`,
			"2026-11-28 12:00:00  info     has credentials until 2026-11-28T13:00:00Z, and fetches the next in 29m12s",
		},
		"an identity": {
			`{"association":"reader","level":"info","msg":"the pod has an association","role":"arn:aws:iam::111122223333:role/reader","time":"2026-11-28T12:00:00Z"}`,
			"2026-11-28 12:00:00  info     the pod has the role arn:aws:iam::111122223333:role/reader by association reader",
		},
		"an identity by an annotation": {
			`{"association":"","level":"info","msg":"the pod has an association","role":"r","time":"2026-11-28T12:00:00Z"}`,
			"2026-11-28 12:00:00  info     the pod has the role r",
		},
		"a refusal": {
			`{"attempt":3,"level":"warning","msg":"STS refuses role r: AccessDenied: no","retryIn":"1.5s","time":"2026-11-28T12:00:00Z"}`,
			"2026-11-28 12:00:00  warning  STS refuses role r: AccessDenied: no (attempt 3, the next in 1.5s)",
		},
		"an error, and fields that nobody knows": {
			`{"error":"it is not JSON","level":"warning","msg":"the identity document is invalid","x":1,"a":true,"time":"2026-11-28T12:00:00Z"}`,
			"2026-11-28 12:00:00  warning  the identity document is invalid: it is not JSON; a true; x 1",
		},
		"what is not of ours":      {"panic: out of memory", "panic: out of memory"},
		"JSON that is not of ours": {`{"x":1}`, `{"x":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := logs.Words([]byte(test.line + "\n")); got != test.want+"\n" {
				t.Errorf("got  %swant %s", got, test.want)
			}
		})
	}
}
