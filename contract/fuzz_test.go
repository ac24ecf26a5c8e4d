package contract_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/contract"
)

func FuzzIdentityDocument(f *testing.F) {
	for _, document := range []string{
		`{"association":"a","roleARN":"r","sessionDuration":"1h30m"}`, "",
		`{"roleARN":"r","later":{},"critical":["policy"]}`,
		`{"roleARN":"r","boundary":"b","critical":["boundary"]}`,
		`{"roleARN":"r","containers":[{"container":"a","roleARN":"s"},{"container":"b","roleARN":"t"}],"critical":["containers"]}`,
		`{"roleARN":"r","sourceIdentity":"PodName","tags":"team=shop,tier=web"}`,
		`{"containers":[{"container":"b","roleARN":"s"},{"container":"a","roleARN":"t"}]}`,
	} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		ids, err := contract.ParseIdentities(document)
		if err != nil || ids.IsZero() {
			if !ids.IsZero() {
				t.Fatalf("a refused document gave %+v", ids)
			}
			return
		}
		names := map[string]bool{}
		for _, own := range ids.Containers {
			if own.Container == "" || own.RoleARN == "" || names[own.Container] {
				t.Fatalf("%q gives %+v", document, ids.Containers)
			}
			names[own.Container] = true
		}
		growsAround(t, document, ids)
		reread, err := contract.ParseIdentities([]byte(ids.String()))
		if err != nil || !reread.Equal(ids) {
			t.Fatalf("%q reads as %+v, its own text as %+v (%v)", document, ids, reread, err)
		}
	})
}

// growsAround adds a field of a later version to a document: it changes nothing, unless it is critical.
func growsAround(t *testing.T, document []byte, ids contract.Identities) {
	t.Helper()
	open := strings.TrimSuffix(strings.TrimRight(string(document), " \t\r\n"), "}")
	if grown, err := contract.ParseIdentities([]byte(open + `,"later":[1]}`)); err != nil || !grown.Equal(ids) {
		t.Fatalf("%q and a field of a later version read as %+v (%v)", document, grown, err)
	}
	grown, err := contract.ParseIdentities([]byte(open + `,"critical":["later"]}`))
	if _, refused := errors.AsType[*contract.RestrictionError](err); !refused || !grown.IsZero() {
		t.Fatalf("%q and a critical field of a later version read as %+v (%v)", document, grown, err)
	}
}
