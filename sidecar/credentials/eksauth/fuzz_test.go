package eksauth

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/podidentity/podidentity/contract"
)

// FuzzResponse expects of every response either complete credentials, or a failure in one short line without the token.
func FuzzResponse(f *testing.F) {
	const token, role = "aaaaaaaa.bbbbbbbb.cccccccc", "arn:aws:iam::111122223333:role/reader"
	f.Add(200, []byte(`{"assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/reader/w"},"credentials":{"accessKeyId":"a","secretAccessKey":"b","sessionToken":"c","expiration":1700000000.5}}`), "", "")
	f.Add(400, []byte(`{"__type":"AccessDeniedException","message":"no"}`), "x#InvalidTokenException:y", "17")
	f.Fuzz(func(t *testing.T, status int, body []byte, code, after string) {
		response := &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body)), Header: http.Header{}}
		response.Header.Set("x-amzn-ErrorType", code)
		response.Header.Set("Retry-After", after)
		c, err := Source{}.session(response, contract.Identity{RoleARN: role}, []string{token})
		if err == nil && (c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "" || c.Expiration.Year() < 1970 || c.Expiration.Year() > 9999) {
			t.Errorf("accepted %+v", c)
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		failure := Source{}.exceptionFailure(response, []string{token})
		for _, reason := range []string{failure.Reason, reasonOf(err)} {
			if strings.Contains(reason, token) || len(reason) > 700 || strings.ContainsFunc(reason, unicode.IsControl) {
				t.Errorf("reason %q", reason)
			}
		}
	})
}

func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
