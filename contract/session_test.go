package contract_test

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/contract"
)

func TestTheSourceIdentityIsTheNameOfThePodAsFarAsSTSTakesIt(t *testing.T) {
	named := contract.Identity{SourceIdentity: contract.SourceIdentityPodName}
	long := strings.Repeat("a-very-long-name.", 5)
	for name, test := range map[string]struct {
		id        contract.Identity
		pod, want string
	}{
		"by default there is none":                                   {contract.Identity{}, "web-0", ""},
		"the name of a pod is taken as it is":                        {named, "web-0.blue", "web-0.blue"},
		"so is one of 64 characters":                                 {named, long[:64], long[:64]},
		"one of 65 is cut, and followed by its digest":               {named, long[:65], long[:55] + "=5f230c1b"},
		"one that begins alike has another digest":                   {named, long[:65] + "x", long[:55] + "=d854b599"},
		"one character, which STS does not take, gets a digest":      {named, "a", "a=ca978112"},
		"outside of a pod there is none":                             {named, "", ""},
		"a value of a later version is none that could be told here": {contract.Identity{SourceIdentity: "NodeName"}, "web-0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.id.PodSourceIdentity(test.pod); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestEveryNameOfAPodIsASourceIdentityThatSTSTakes(t *testing.T) {
	// The pattern and the lengths of SourceIdentity in the API reference of AssumeRole.
	taken := regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	id := contract.Identity{SourceIdentity: contract.SourceIdentityPodName}
	seen := map[string]bool{}
	for length := 1; length <= 253; length++ {
		for _, name := range []string{strings.Repeat("a", length), strings.Repeat("0", length), strings.Repeat("a.b-", 64)[:length-1] + "z"} {
			got := id.PodSourceIdentity(name)
			if !taken.MatchString(got) || strings.HasPrefix(got, "aws:") {
				t.Fatalf("%q becomes %q", name, got)
			}
			if length > 1 && seen[got] {
				t.Fatalf("%q has the source identity of another pod, %q", name, got)
			}
			seen[got] = true
		}
	}
}

func TestTheTagsOfAPodAreItsLabelsThatTheAssociationLists(t *testing.T) {
	listed := contract.Identity{RoleARN: "r", TagLabels: "Team,shop.example.com/tier,zone"}
	for name, test := range map[string]struct {
		id     contract.Identity
		labels map[string]string
		want   string
	}{
		"those that it lists, and no others":          {listed, map[string]string{"Team": "shop", "zone": "a", "other": "x"}, "Team=shop,zone=a"},
		"a key with a prefix":                         {listed, map[string]string{"shop.example.com/tier": "web"}, "shop.example.com/tier=web"},
		"the case of a key counts":                    {listed, map[string]string{"team": "shop"}, ""},
		"a label without a value is left out":         {listed, map[string]string{"Team": "", "zone": "a"}, "zone=a"},
		"a pod without labels has none":               {listed, nil, ""},
		"without a list the labels count for nothing": {contract.Identity{RoleARN: "r"}, map[string]string{"Team": "shop"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			want := test.id
			want.TagLabels, want.Tags = "", test.want
			got := test.id.For(test.labels)
			if got != want || got.For(map[string]string{"Team": "later"}) != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if reread, err := contract.ParseIdentities([]byte(got.String())); err != nil || reread.Identity != got {
				t.Errorf("%s is read as %+v: %v", got, reread, err)
			}
		})
	}
}

func TestAnAssociationsListIsInNoDocument(t *testing.T) {
	if text := (contract.Identity{RoleARN: "r", TagLabels: "team"}).String(); text != `{"roleARN":"r"}` {
		t.Errorf("the document is %s", text)
	}
}

func FuzzOwnTags(f *testing.F) {
	for _, tags := range []string{"", "team=shop,tier=web", "Kubernetes-Namespace=kube-system,team=shop", "team", "=x", "team=,a=b", "a=b=c", ",,"} {
		f.Add(tags)
	}
	f.Fuzz(func(t *testing.T, tags string) {
		for key, value := range (contract.Identity{Tags: tags}).OwnTags() {
			if value == "" || strings.ContainsAny(key, ",=") || strings.Contains(value, ",") || contract.IsSessionTag(key) {
				t.Fatalf("%q has the tag %q=%q", tags, key, value)
			}
		}
	})
}

// FuzzLabels takes labels of a pod, as far as they can be labels, through the identity document and back.
func FuzzLabels(f *testing.F) {
	f.Add("team", "shop", "tier", "web")
	f.Add("shop.example.com/team", "a_b.c-d", "kubernetes-pod-uid", "forged")
	f.Fuzz(func(t *testing.T, key, value, otherKey, otherValue string) {
		label := regexp.MustCompile(`^[a-zA-Z0-9][-_./a-zA-Z0-9]*$`)
		labels, want := map[string]string{key: value, otherKey: otherValue}, map[string]string{}
		for key, value := range labels {
			if !label.MatchString(key) || value != "" && !label.MatchString(value) {
				return
			}
			if value != "" && !contract.IsSessionTag(key) {
				want[key] = value
			}
		}
		list := key + "," + otherKey
		if key == otherKey {
			list = key
		}
		id, err := contract.ParseIdentities([]byte(contract.Identity{RoleARN: "r", TagLabels: list}.For(labels).String()))
		if got := maps.Collect(id.OwnTags()); err != nil || !maps.Equal(got, want) {
			t.Fatalf("labels %v become tags %v, not %v: %v", labels, got, want, err)
		}
	})
}
