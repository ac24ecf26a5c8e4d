package contract_test

import (
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
)

func TestIdentityIsOneReadableLine(t *testing.T) {
	id := contract.Identity{Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/reader", SessionDuration: contract.Duration(90 * time.Minute)}
	want := `{"association":"reader","roleARN":"arn:aws:iam::111122223333:role/reader","sessionDuration":"1h30m"}`
	if id.String() != want {
		t.Errorf("got  %s\nwant %s", id, want)
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
