package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/server"
)

func TestReady(t *testing.T) {
	for name, test := range map[string]struct {
		source     source
		associated bool
		query      string
		want       string
		waits      time.Duration
	}{
		"credentials":                       {associated: true, want: `{"state":"available"}`},
		"no association, waited for or not": {query: "?wait=30s", want: `{"state":"unassociated","reason":"no PodIdentityAssociation gives an IAM role to this pod's service account: create one"}`},
		"not yet":                           {associated: true, source: source{delay: 5 * time.Second}, want: `{"state":"pending","reason":"the first credentials are being fetched: try again"}`},
		"credentials that were waited for":  {associated: true, source: source{delay: 5 * time.Second}, query: "?wait=30s", want: `{"state":"available"}`, waits: 5 * time.Second},
		"a wait that was not long enough":   {associated: true, source: source{delay: 5 * time.Second}, query: "?wait=2s", want: `{"state":"pending","reason":"the first credentials are being fetched: try again"}`, waits: 2 * time.Second},
		"a refusal for good is not waited for": {
			associated: true, source: source{err: &credentials.Failure{Reason: "because", Verdict: credentials.Refused}},
			query: "?wait=30s", want: `{"state":"refused","reason":"because"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := keeper(t, test.source)
				h := handler(k)
				if test.associated {
					k.Assign(associated())
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
				if w := answer(h, r); w.Body.String() != test.want || time.Since(before) != test.waits {
					t.Errorf("%s after %s", w.Body, time.Since(before))
				}
			})
		})
	}
}

func TestReadyRefusesAWaitItCannotGrant(t *testing.T) {
	h := handler(holding(t))
	for _, wait := range []string{"1h", "-1s", "soon"} {
		r := request()
		r.URL.Path, r.URL.RawQuery = "/v1/ready", "wait="+wait
		expectRefusal(t, answer(h, r), 400)
	}
}

var _ server.Keeper = (*credentials.Keeper)(nil)
