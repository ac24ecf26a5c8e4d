package api_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/podidentity/podidentity/contract"
)

func TestASessionHasTheLabelsOfThePodAsTheAPIServerHasThem(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/pods/reader"
	for name, test := range map[string]struct {
		list   string
		labels map[string]string
		read   int
		tags   string
	}{
		"those that the association lists":                  {"team,tier", map[string]string{"team": "shop", "other": "x"}, 1, "team=shop"},
		"none where the pod has none of them":               {"team", nil, 1, ""},
		"none, of a pod that is not read, without any list": {"", map[string]string{"team": "shop"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := good()
			b.identity.TagLabels, b.labels = test.list, test.labels
			h, _ := handler(t, b)
			r := post(h, path, request)
			want := contract.Identity{Association: "reader", RoleARN: role, Tags: test.tags}
			if r.Code != http.StatusOK || b.read != test.read || !slices.Equal(b.asked, []contract.Identity{want}) {
				t.Errorf("got %d for %+v, after %d reads", r.Code, b.asked, b.read)
			}
			// The sidecar has the identity from its document, and compares.
			document, err := contract.ParseIdentities([]byte(contract.Identity{RoleARN: role, TagLabels: test.list}.For(test.labels).String()))
			if digest := r.Header().Get(contract.HeaderIdentityDigest); err != nil || digest != document.Digest() {
				t.Errorf("the digest %q is not that of %s: %v", digest, document, err)
			}
		})
	}
}

func TestARoleThatIsNotAllowedIsRefusedBeforeThePodIsRead(t *testing.T) {
	b := good()
	b.identity.TagLabels, b.identity.RoleARN = "team", "arn:aws:iam::111122223333:role/admin"
	h, _ := handler(t, b)
	if r := post(h, path, request); r.Code == http.StatusOK || b.read > 0 {
		t.Errorf("got %d after %d reads", r.Code, b.read)
	}
}
