package contract_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
)

// whole is an identity with every field.
func whole() contract.Identity {
	return contract.Identity{
		Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/reader",
		TargetRoleARN: "arn:aws:iam::444455556666:role/target", ExternalID: "x/y", DisableSessionTags: true,
		Policy: `{"Statement":[{"Resource":"<*>&"}]}`, SessionDuration: contract.Duration(90 * time.Minute),
		SourceIdentity: contract.SourceIdentityPodName, Tags: "shop.example.com/tier=web,team=shop",
	}
}

func ofContainer(name, role string) contract.Identity {
	return contract.Identity{Container: name, RoleARN: role}
}

func TestIdentityDocument(t *testing.T) {
	pod := func(id contract.Identity, containers ...contract.Identity) contract.Identities {
		return contract.Identities{Identity: id, Containers: containers}
	}
	for name, test := range map[string]struct {
		document string
		want     contract.Identities
		err      string
	}{
		"an empty file is no association":        {document: ""},
		"a file of white space is none either":   {document: " \n"},
		"a role alone is an identity":            {document: `{"roleARN":"arn:aws:iam::111122223333:role/r"}`, want: pod(contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/r"})},
		"what String writes is read back":        {document: whole().String(), want: pod(whole())},
		"a document without a role is refused":   {document: `{"association":"reader"}`, err: "no roleARN"},
		"a field of a later version is ignored":  {document: `{"roleARN":"r","later":{"x":[1]}}`, want: pod(contract.Identity{RoleARN: "r"})},
		"a critical field that is known is read": {document: `{"roleARN":"r","policy":"{}","critical":["policy"]}`, want: pod(contract.Identity{RoleARN: "r", Policy: "{}"})},
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
		"containers have identities beside the pod's": {
			document: `{"roleARN":"r","containers":[{"container":"a","roleARN":"s"},{"container":"b","roleARN":"t"}],"critical":["containers"]}`,
			want:     pod(contract.Identity{RoleARN: "r"}, ofContainer("a", "s"), ofContainer("b", "t")),
		},
		"containers have identities where the pod has none": {
			document: `{"containers":[{"container":"a","roleARN":"s"}],"critical":["containers"]}`, want: pod(contract.Identity{}, ofContainer("a", "s")),
		},
		"a pod without a role is refused beside containers too":  {document: `{"policy":"{}","containers":[{"container":"a","roleARN":"s"}]}`, err: "no roleARN"},
		"no containers and no role are refused":                  {document: `{"containers":[]}`, err: "no roleARN"},
		"a container without a name is refused":                  {document: `{"roleARN":"r","containers":[{"roleARN":"s"}]}`, err: "containers[0]"},
		"a container without a role is refused":                  {document: `{"roleARN":"r","containers":[{"container":"a"}]}`, err: "containers[0]"},
		"a container that is there twice is refused":             {document: `{"containers":[{"container":"a","roleARN":"s"},{"container":"a","roleARN":"t"}]}`, err: "containers[1]"},
		"containers that are not in order are refused":           {document: `{"containers":[{"container":"b","roleARN":"s"},{"container":"a","roleARN":"t"}]}`, err: "in the order"},
		"containers that are not a list are refused":             {document: `{"roleARN":"r","containers":{"a":"s"}}`, err: "not a JSON object"},
		"a critical field within a container is of this version": {document: `{"roleARN":"r","critical":["container"]}`, want: pod(contract.Identity{RoleARN: "r"})},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := contract.ParseIdentities([]byte(test.document))
			switch {
			case test.err == "" && err != nil:
				t.Fatal(err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Fatalf("error %v does not say %q", err, test.err)
			}
			if !got.Equal(test.want) {
				t.Errorf("got %+v; want %+v", got, test.want)
			}
		})
	}
}

func TestIdentitiesAreOneLineThatNamesWhatIsCritical(t *testing.T) {
	ids := contract.Identities{Identity: contract.Identity{RoleARN: "r"}, Containers: []contract.Identity{ofContainer("a", "s")}}
	if want := `{"roleARN":"r","containers":[{"container":"a","roleARN":"s"}],"critical":["containers"]}`; ids.String() != want {
		t.Errorf("got  %s\nwant %s", ids, want)
	}
	if ids.Containers = nil; ids.String() != `{"roleARN":"r"}` {
		t.Errorf("without containers %s", ids)
	}
	if text := (contract.Identities{}).String(); text != "" {
		t.Errorf("no identity is %q", text)
	}
}

// TestADocumentOfAnyIdentitiesIsReadBack is a property: whatever a webhook writes, the sidecar reads as the same.
func TestADocumentOfAnyIdentitiesIsReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		return []string{"", "x", `a"b\c`, "<&>", "\u2028 \x01", "é", "arn:aws:iam::1:role/r"}[random.IntN(7)]
	}
	made := func(container string) contract.Identity {
		return contract.Identity{
			Container: container, RoleARN: "r" + text(), Association: text(), TargetRoleARN: text(), ExternalID: text(), Policy: text(),
			DisableSessionTags: random.IntN(2) == 0, SessionDuration: contract.Duration(random.IntN(3)) * contract.Duration(time.Hour),
		}
	}
	for range 2000 {
		var ids contract.Identities
		if random.IntN(3) > 0 {
			ids.Identity = made("")
		}
		for i := range random.IntN(4) {
			ids.Containers = append(ids.Containers, made(fmt.Sprint("c", i)))
		}
		read, err := contract.ParseIdentities([]byte(ids.String()))
		if err != nil || !read.Equal(ids) {
			t.Fatalf("%+v is read back from %s as %+v, %v", ids, ids, read, err)
		}
		for _, id := range ids.All() {
			alone, err := contract.ParseIdentities([]byte(id.String()))
			if err != nil || alone.Identity != id || len(alone.Containers) > 0 {
				t.Fatalf("%+v alone is read back as %+v, %v", id, alone, err)
			}
		}
	}
}

func TestAContainerHasItsOwnIdentityOrNone(t *testing.T) {
	ids := contract.Identities{Identity: contract.Identity{RoleARN: "r"}, Containers: []contract.Identity{ofContainer("a", "s")}}
	if own, ok := ids.Own("a"); !ok || own != ofContainer("a", "s") {
		t.Errorf("a has %+v, %v", own, ok)
	}
	for _, name := range []string{"b", ""} {
		if own, ok := ids.Own(name); ok || own != (contract.Identity{}) {
			t.Errorf("%q has %+v, %v", name, own, ok)
		}
	}
	if all := ids.All(); len(all) != 2 || all[0] != ids.Identity || all[1] != ids.Containers[0] {
		t.Errorf("all are %+v", all)
	}
	if ids.Identity = (contract.Identity{}); len(ids.All()) != 1 {
		t.Errorf("without the pod's, all are %+v", ids.All())
	}
}
