package association_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

const teamRole = "arn:aws:iam::111122223333:role/team-reader"

// boundedIndex has one account, which chooses role, in a namespace of these bounds.
func boundedIndex(bounds, role string) *association.Index {
	index := association.NewIndex()
	index.SetBounds(account.Namespace, map[string]string{contract.AnnotationAllowedRoles: bounds}, "namespace")
	index.SetAnnotations(account, map[string]string{contract.AnnotationRole: role}, "account", association.BoundedAnnotations)
	return index
}

func TestAServiceAccountChoosesWithinTheBoundsOfItsNamespace(t *testing.T) {
	for name, test := range map[string]struct {
		bounds, role string
		refused      string
	}{
		"an exact ARN allows its role":                         {teamRole, teamRole, ""},
		"a pattern allows what matches":                        {"arn:aws:iam::111122223333:role/team-*", teamRole, ""},
		"a star allows every role":                             {"*", teamRole, ""},
		"one of several, by commas or blanks":                  {"arn:aws:iam::1:role/a, arn:aws:iam::*:role/b\n" + teamRole, teamRole, ""},
		"a star in the account allows every account":           {"arn:aws:iam::*:role/team-*", teamRole, ""},
		"a path is a part of the name":                         {"arn:aws:iam::111122223333:role/teams/*", "arn:aws:iam::111122223333:role/teams/a/b", ""},
		"another name is refused":                              {"arn:aws:iam::111122223333:role/team-*", "arn:aws:iam::111122223333:role/admin", "no pattern of the namespace's annotation podidentity.dev/allowed-roles allows arn:aws:iam::111122223333:role/admin"},
		"another account is refused":                           {"arn:aws:iam::111122223333:role/*", "arn:aws:iam::444455556666:role/team-reader", "no pattern"},
		"another case is refused":                              {teamRole, "arn:aws:iam::111122223333:role/Team-reader", "no pattern"},
		"a longer name than an exact ARN is refused":           {teamRole, teamRole + "-admin", "no pattern"},
		"an empty annotation allows nothing":                   {"", teamRole, "no pattern"},
		"a malformed pattern allows nothing":                   {"arn:aws:iam::111122223333:team-*", "arn:aws:iam::111122223333:role/team-reader", "no pattern"},
		"beside a malformed pattern the others count":          {"team-*, " + teamRole, teamRole, ""},
		"too long an annotation allows nothing":                {strings.Repeat(teamRole+",", 100), teamRole, "no pattern"},
		"a star behind a comma in a pattern is not all roles":  {"arn:aws:iam::111122223333:role/team,*", "arn:aws:iam::111122223333:role/admin", "no pattern"},
		"nor is one behind a blank":                            {"arn:aws:iam::111122223333:role/team- *", "arn:aws:iam::111122223333:role/admin", "no pattern"},
		"what is no ARN of a role is refused, and not quoted":  {"*", "admin; injected", "it is not the ARN of an IAM role"},
		"a user is no role":                                    {"*", "arn:aws:iam::111122223333:user/a", "it is not the ARN of an IAM role"},
		"a star in a role is no ARN":                           {"*", "arn:aws:iam::111122223333:role/*", "it is not the ARN of an IAM role"},
		"an ARN that is too long is refused":                   {"*", teamRole + strings.Repeat("a", 2048), "it is not the ARN of an IAM role"},
		"a colon in a path does not move a role to an account": {"arn:aws:iam::111122223333:role/team-*", "arn:aws:iam::444455556666:role/:111122223333:role/team-a", "it is not the ARN of an IAM role"},
	} {
		t.Run(name, func(t *testing.T) {
			index := boundedIndex(test.bounds, test.role)
			identity, ok := index.Identity(account)
			refusal := index.Refusal(account)
			if ok != (test.refused == "") || ok && identity.RoleARN != test.role || !strings.Contains(refusal, test.refused) || ok && refusal != "" {
				t.Errorf("%v %q, refused by %q", ok, identity.RoleARN, refusal)
			}
			if candidates := index.Candidates(account, ""); ok != (len(candidates) == 1) || ok && candidates[0].Annotation != contract.AnnotationRole {
				t.Errorf("the candidates are %v", candidates)
			}
			if strings.Contains(refusal, ";") {
				t.Errorf("%q would divide the status of a pod", refusal)
			}
		})
	}
}

func TestWhichAnnotationsCount(t *testing.T) {
	const irsa = "arn:aws:iam::111122223333:role/irsa"
	both := map[string]string{contract.AnnotationRole: teamRole, contract.AnnotationRoleARN: irsa}
	for name, test := range map[string]struct {
		annotations map[string]string
		counted     association.Annotations
		bounded     bool
		want        string
	}{
		"without bounds, that of IRSA as ever":                    {both, association.AllAnnotations, false, irsa},
		"without bounds, ours counts for nothing":                 {map[string]string{contract.AnnotationRole: teamRole}, association.AllAnnotations, false, ""},
		"without bounds, none counts where only those within do":  {both, association.BoundedAnnotations, false, ""},
		"within bounds, ours comes first":                         {both, association.AllAnnotations, true, teamRole},
		"within bounds, ours comes first there too":               {both, association.BoundedAnnotations, true, teamRole},
		"within bounds, that of IRSA counts too":                  {map[string]string{contract.AnnotationRoleARN: irsa}, association.BoundedAnnotations, true, irsa},
		"without a bound or an annotation, there is no role":      {nil, association.AllAnnotations, false, ""},
		"within bounds, without an annotation, there is no role":  {nil, association.AllAnnotations, true, ""},
		"an account without annotations is not refused by bounds": {map[string]string{}, association.BoundedAnnotations, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			index := association.NewIndex()
			index.SetAnnotations(account, test.annotations, "account", test.counted)
			if test.bounded {
				index.SetBounds(account.Namespace, map[string]string{contract.AnnotationAllowedRoles: "*"}, "namespace")
			}
			if identity, ok := index.Identity(account); identity.RoleARN != test.want || ok != (test.want != "") {
				t.Errorf("the role is %q", identity.RoleARN)
			}
			if refusal := index.Refusal(account); refusal != "" {
				t.Error(refusal)
			}
		})
	}
}

func TestAnAssociationTakesPrecedenceOverBounds(t *testing.T) {
	index := boundedIndex("", teamRole)
	if index.Refusal(account) == "" || len(index.RefusedIn(account.Namespace)) != 1 {
		t.Error("nothing is refused before")
	}
	everywhere := associate("everywhere", one, 1)
	everywhere.Spec.Namespace, everywhere.Spec.ServiceAccount = "*", "*"
	if err := index.Set(everywhere); err != nil {
		t.Fatal(err)
	}
	if identity, _ := index.Identity(account); identity.Association != "everywhere" || index.Refusal(account) != "" || len(index.RefusedIn(account.Namespace)) != 0 {
		t.Errorf("%v, refused by %q", identity, index.Refusal(account))
	}
}

func TestMalformedBoundsAreToldInOneSentence(t *testing.T) {
	for text, want := range map[string]string{
		"*":                          "",
		"":                           "",
		" , ,":                       "",
		"arn:aws*:iam::*:role/*":     "",
		"team-*":                     `has 1 malformed patterns, which allow no role, such as "team-*": write ARNs`,
		"a b c d":                    `has 4 malformed patterns, which allow no role, such as "a": write ARNs`,
		"arn:aws:s3:::bucket":        "has 1 malformed",
		"arn:aws:iam::1:role/a,*":    `such as "*": write ARNs of IAM roles without commas, such as arn:aws:iam::111122223333:role/team-*, or * alone`,
		"arn:*":                      "has 1 malformed",
		"arn:aws:iam::111:user/a":    "has 1 malformed",
		"arn:aws:iam::x:role/a":      "has 1 malformed",
		strings.Repeat("*,", 2049):   "has 4098 bytes, and allows no role: shorten it to 4096",
		"arn:aws:iam::1:role/a\x00b": "has 1 malformed",
	} {
		_, err := association.ParseBounds(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	if _, err := association.ParseBounds(strings.Repeat("\U0010ffff", 1000)); err == nil || len(err.Error()) > 1024 {
		t.Errorf("no event takes a note of this length: %v", err)
	}
	index := boundedIndex("team-*", teamRole)
	refused := index.RefusedIn(account.Namespace)
	if len(refused) != 2 || refused[0].Account.Name != "" || refused[0].UID != "namespace" || refused[1].Account != account || refused[1].UID != "account" {
		t.Errorf("refused are %v", refused)
	}
}

// matches is a second opinion: each pattern as a regular expression, in which a star does not reach over a colon.
func matches(bounds, role string) bool {
	if regexp.MustCompile(`^[, \t\r\n]*\*+[, \t\r\n]*$`).MatchString(bounds) {
		return true
	}
	for pattern := range strings.FieldsSeq(strings.ReplaceAll(bounds, ",", " ")) {
		if regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, "[^:]*") + "$").MatchString(role) {
			return true
		}
	}
	return false
}

func TestNoRoleIsEverGivenOutsideOfTheBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(of string, n int) string {
		var b strings.Builder
		for range random.IntN(n) {
			b.WriteByte(of[random.IntN(len(of))])
		}
		return b.String()
	}
	given := 0
	for range 20_000 {
		bounds := "arn:aws:iam::" + text("1*", 13) + ":role/" + text("ab*/", 5) + text(", ", 2) + "arn:" + text("a*", 3) + ":iam::*:role/" + text("ab*:", 6)
		role := "arn:" + text("a", 3) + ":iam::" + []string{"111111111111", "", "1"}[random.IntN(3)] + ":role/" + text("ab/:;*", 5)
		identity, ok := boundedIndex(bounds, role).Identity(account)
		if ok && (identity.RoleARN != role || !matches(bounds, role)) {
			t.Fatalf("%q gives %q", bounds, identity.RoleARN)
		}
		if ok {
			given++
		}
	}
	if given < 30 {
		t.Errorf("only %d roles were given: the test says little", given)
	}
}

func FuzzParseBounds(f *testing.F) {
	for _, bounds := range []string{"*", teamRole, "arn:aws:iam::*:role/team-*", "a,b c", "arn:aws:iam::1:role/**a*", "\x00", ""} {
		f.Add(bounds, teamRole)
	}
	f.Fuzz(func(t *testing.T, bounds, role string) {
		identity, ok := boundedIndex(bounds, role).Identity(account)
		if ok && (identity.RoleARN != role || !matches(bounds, role)) {
			t.Errorf("%q gives %q", bounds, identity.RoleARN)
		}
		if _, err := association.ParseBounds(bounds); err != nil && (strings.ContainsAny(err.Error(), "\n;") && !strings.ContainsAny(bounds, ";") || len(err.Error()) > 1024) {
			t.Errorf("%q is no sentence", err)
		}
	})
}
