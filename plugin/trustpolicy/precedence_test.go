package trustpolicy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/plugin/trustpolicy"
)

func TestWhatAPolicyAdmitsAndAnotherAssociationHasIsNoted(t *testing.T) {
	noted := 0
	for seed := range uint64(200) {
		all := randomAssociations(rand.New(rand.NewPCG(seed, 2)))
		index := association.NewIndex()
		for i := range all {
			if err := index.Set(&all[i]); err != nil {
				t.Fatal(err)
			}
		}
		notes := trustpolicy.Notes(webIdentity(), nil, all, trustpolicy.Found{Associations: all})
		for _, a := range all {
			for _, account := range accounts() {
				winner, _ := index.Identity(account)
				if !selects(a, account) || winner.RoleARN == a.Spec.RoleARN {
					continue
				}
				noted++
				if !says(notes, "that PodIdentityAssociation "+a.Name+" selects", winner.Association+" (") {
					t.Errorf("seed %d: %s has %v, which %s selects as well, and the notes are %q", seed, winner.Association, account, a.Name, notes)
				}
			}
		}
	}
	if noted < 100 {
		t.Errorf("only %d were noted: the test says little", noted)
	}
}

// says reports whether one of the notes has all of these words.
func says(notes []string, words ...string) bool {
	for _, note := range notes {
		all := true
		for _, word := range words {
			all = all && strings.Contains(note, word)
		}
		if all {
			return true
		}
	}
	return false
}

func TestANoteNamesTwentyAndCountsTheRest(t *testing.T) {
	var accounts []association.ServiceAccount
	for i := range 25 {
		accounts = append(accounts, association.ServiceAccount{Namespace: "team", Name: fmt.Sprintf("app-%02d", i)})
	}
	one := role("111122223333", "one")
	notes := trustpolicy.Notes(webIdentity(), []trustpolicy.Role{{ARN: one}}, nil, trustpolicy.Found{Annotated: map[string][]association.ServiceAccount{one: accounts}})
	if len(notes) != 1 || !strings.Contains(notes[0], "team/app-19 and 5 more") {
		t.Errorf("noted %q", notes)
	}
}
