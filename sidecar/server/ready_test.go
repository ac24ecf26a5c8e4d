package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/server"
)

func TestStatus(t *testing.T) {
	for name, test := range map[string]struct {
		source     source
		associated bool
		query      string
		want       string
		waits      time.Duration
	}{
		"credentials":                           {associated: true, want: `{"state":"available","started":true}`},
		"no association, which no wait changes": {query: "?wait=30s", want: `{"state":"unassociated","reason":"no PodIdentityAssociation gives an IAM role to this pod's service account: create one","started":true}`},
		"no credentials yet":                    {associated: true, source: source{delay: 5 * time.Second}, want: `{"state":"pending","reason":"the first credentials are being fetched: try again","started":false}`},
		"credentials that come within the wait": {associated: true, source: source{delay: 5 * time.Second}, query: "?wait=30s", want: `{"state":"available","started":true}`, waits: 5 * time.Second},
		"a wait that is too short":              {associated: true, source: source{delay: 5 * time.Second}, query: "?wait=2s", want: `{"state":"pending","reason":"the first credentials are being fetched: try again","started":false}`, waits: 2 * time.Second},
		"a lasting refusal, which no wait changes": {
			associated: true, source: source{err: &credentials.Failure{Reason: "because", Verdict: credentials.Refused}},
			query: "?wait=30s", want: `{"state":"refused","reason":"because","started":false,"failing":true,"trouble":"because"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newSets(t, test.source)
				h := handler(t, k)
				if test.associated {
					k.SetIdentities(associated())
					synctest.Wait()
				}
				before := time.Now()
				r := request()
				r.Header.Del("Authorization")
				r.URL.Path = "/v1/ready"
				r.URL.RawQuery = ""
				if test.query != "" {
					r.URL.RawQuery = test.query[1:]
				}
				if w := do(h, r); w.Body.String() != test.want || time.Since(before) != test.waits {
					t.Errorf("%s after %s", w.Body, time.Since(before))
				}
			})
		})
	}
}

func TestStatusWithAnInvalidWaitIsABadRequest(t *testing.T) {
	h := handler(t, readySets(t))
	for _, wait := range []string{"1h", "-1s", "soon"} {
		r := request()
		r.URL.Path, r.URL.RawQuery = "/v1/ready", "wait="+wait
		expectError(t, do(h, r), 400)
	}
}

var _ server.Keeper = (*credentials.Container)(nil)
