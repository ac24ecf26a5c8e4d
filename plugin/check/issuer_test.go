package check

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cluster"
)

func TestTheIssuerIsLookedAtWhereItIsSaidToBePublic(t *testing.T) {
	const remedy = "kubectl pod-identity issuer, and docs/kubectl.md#the-issuer"
	stale := issuer.Comparison{Issuer: "https://oidc.example.com", Unpublished: []string{"b"}, Problems: []string{"the key b of the cluster is not published: publish the keys again"}}
	for name, test := range map[string]struct {
		watched bool
		found   issuer.Comparison
		err     error
		want    []Finding
	}{
		"elsewhere it is not": {false, stale, nil, nil},
		"it fits":             {true, issuer.Comparison{Issuer: "https://oidc.example.com"}, nil, []Finding{{"issuer", OK, "every key of the cluster is published at https://oidc.example.com", ""}}},
		"a key is missing":    {true, stale, nil, []Finding{{"issuer", Wrong, "STS refuses tokens: the key b of the cluster is not published: publish the keys again", remedy}}},
		"it cannot be read":   {true, issuer.Comparison{}, errors.New("no route to host"), []Finding{{"issuer", Unknown, "no route to host", remedy}}},
	} {
		t.Run(name, func(t *testing.T) {
			i := &cluster.Installation{}
			i.Config.WatchIssuer = test.watched
			l := looker{published: func(context.Context) (issuer.Comparison, error) { return test.found, test.err }}
			if got := l.issuer(t.Context(), i); !slices.Equal(got, test.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
