package api_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
)

// FuzzTheRequest holds that whatever is sent is answered as the model has it, and that what reaches the API server has a
// token's form (the pattern is the model's, but for the third part).
func FuzzTheRequest(f *testing.F) {
	for _, body := range []string{request, `{"token":null}`, `{"token":1}`, `{}`, `{"token":"a.b.c","x":[{}]}`, `{"token":"a.b.c"}{}`, "\xff"} {
		f.Add([]byte(body))
	}
	form := regexp.MustCompile(`^[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+$`)
	h, _ := handler(f, good())
	f.Fuzz(func(t *testing.T, body []byte) {
		r := post(h, path, string(body))
		var sent struct {
			Token string `json:"token"`
		}
		if r.Code == http.StatusOK && json.Unmarshal(body, &sent) == nil && !form.MatchString(sent.Token) {
			t.Errorf("%q was taken for a token", sent.Token)
		}
		var answer map[string]any
		if err := json.Unmarshal(r.Body.Bytes(), &answer); err != nil {
			t.Errorf("%d %q: %v", r.Code, r.Body, err)
		}
		if r.Code != http.StatusOK && answer["__type"] != r.Header().Get("x-amzn-ErrorType") {
			t.Errorf("%v %v", answer, r.Header())
		}
	})
}
