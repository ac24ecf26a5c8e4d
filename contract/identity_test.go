package contract_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
)

func TestIdentityDocument(t *testing.T) {
	all := contract.Identity{
		Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/reader",
		TargetRoleARN: "arn:aws:iam::444455556666:role/target", ExternalID: "x/y", DisableSessionTags: true,
		Policy: `{"Statement":[{"Resource":"<*>&"}]}`, SessionDuration: contract.Duration(90 * time.Minute),
		SourceIdentity: contract.SourceIdentityPodName, Tags: "shop.example.com/tier=web,team=shop",
	}
	for name, test := range map[string]struct {
		document string
		want     contract.Identity
		ok       bool
		err      string
	}{
		"an empty file is no association":        {document: "", ok: false},
		"a file of white space is none either":   {document: " \n", ok: false},
		"a role alone is an identity":            {document: `{"roleARN":"arn:aws:iam::111122223333:role/r"}`, want: contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/r"}, ok: true},
		"what String writes is read back":        {document: all.String(), want: all, ok: true},
		"a document without a role is refused":   {document: `{"association":"reader"}`, err: "no roleARN"},
		"a field of a later version is ignored":  {document: `{"roleARN":"r","later":{"x":[1]}}`, want: contract.Identity{RoleARN: "r"}, ok: true},
		"a critical field that is known is read": {document: `{"roleARN":"r","policy":"{}","critical":["policy"]}`, want: contract.Identity{RoleARN: "r", Policy: "{}"}, ok: true},
		"a critical field of a later version is refused, with what to do": {
			document: `{"roleARN":"r","boundary":"b","critical":["policy","boundary"]}`,
			err:      `restricts this pod by ["boundary"], which the sidecar is too old to know: create the pod again`,
		},
		"the case of a critical field counts":             {document: `{"roleARN":"r","critical":["Policy"]}`, err: `["Policy"]`},
		"critical fields that are not a list are refused": {document: `{"roleARN":"r","critical":"policy"}`, err: "not a JSON object"},
		"a second document is refused":                    {document: `{"roleARN":"r"}{"roleARN":"s"}`, err: "continues after"},
		"a duration without a unit is refused":            {document: `{"roleARN":"r","sessionDuration":"90"}`, err: "1h30m"},
		"text that is not JSON is refused":                {document: "arn:aws:iam::111122223333:role/r", err: "not a JSON object"},
		"JSON that is not an object is refused":           {document: `["r"]`, err: "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok, err := contract.ParseIdentity([]byte(test.document))
			switch {
			case test.err == "" && err != nil:
				t.Fatal(err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Fatalf("error %v does not say %q", err, test.err)
			}
			if got != test.want || ok != test.ok {
				t.Errorf("got %+v, %v; want %+v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestIdentityIsOneReadableLine(t *testing.T) {
	id := contract.Identity{Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/reader", SessionDuration: contract.Duration(90 * time.Minute)}
	want := `{"association":"reader","roleARN":"arn:aws:iam::111122223333:role/reader","sessionDuration":"1h30m"}`
	if id.String() != want {
		t.Errorf("got  %s\nwant %s", id, want)
	}
}

func FuzzIdentityDocument(f *testing.F) {
	f.Add([]byte(`{"association":"a","roleARN":"r","sessionDuration":"1h30m"}`))
	f.Add([]byte(`{"roleARN":"r","sourceIdentity":"PodName","tags":"team=shop,tier=web"}`))
	f.Add([]byte(""))
	f.Add([]byte(`{"roleARN":"r","later":{},"critical":["policy"]}`))
	f.Add([]byte(`{"roleARN":"r","boundary":"b","critical":["boundary"]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		id, ok, err := contract.ParseIdentity(document)
		if err != nil || !ok {
			if id != (contract.Identity{}) {
				t.Fatalf("a refused document gave %+v", id)
			}
			return
		}
		growsAround(t, document, id)
		reread, ok, err := contract.ParseIdentity([]byte(id.String()))
		if err != nil || !ok || reread != id {
			t.Fatalf("%q reads as %+v, its own text as %+v (%v)", document, id, reread, err)
		}
	})
}

// growsAround adds a field of a later version to a document: it changes nothing, unless it is critical.
func growsAround(t *testing.T, document []byte, id contract.Identity) {
	t.Helper()
	open := strings.TrimSuffix(strings.TrimRight(string(document), " \t\r\n"), "}")
	if grown, ok, err := contract.ParseIdentity([]byte(open + `,"later":[1]}`)); err != nil || !ok || grown != id {
		t.Fatalf("%q and a field of a later version read as %+v (%v)", document, grown, err)
	}
	grown, ok, err := contract.ParseIdentity([]byte(open + `,"critical":["later"]}`))
	if _, refused := errors.AsType[*contract.RestrictionError](err); !refused || ok || grown != (contract.Identity{}) {
		t.Fatalf("%q and a critical field of a later version read as %+v (%v)", document, grown, err)
	}
}

func TestTheDigestTellsApartWhatSessionsMayDo(t *testing.T) {
	seen := map[string]string{}
	for name, id := range map[string]contract.Identity{
		"a role":      {RoleARN: "a"},
		"another":     {RoleARN: "b"},
		"a target":    {RoleARN: "a", TargetRoleARN: "b"},
		"an id":       {RoleARN: "a", TargetRoleARN: "b", ExternalID: "c"},
		"no tags":     {RoleARN: "a", DisableSessionTags: true},
		"a policy":    {RoleARN: "a", Policy: "{}"},
		"a source":    {RoleARN: "a", SourceIdentity: contract.SourceIdentityPodName},
		"a tag":       {RoleARN: "a", Tags: "team=shop"},
		"another tag": {RoleARN: "a", Tags: "team=bank"},
		"an hour":     {RoleARN: "a", SessionDuration: contract.Duration(time.Hour)},
		"a long name": {RoleARN: "ab"},
	} {
		digest := id.Digest()
		if other, is := seen[digest]; is {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[digest] = name
		if id.Association = "of another name"; id.Digest() != digest {
			t.Errorf("%s has another digest by the name of its association", name)
		}
	}
}
