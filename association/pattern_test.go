package association

import (
	"regexp"
	"strings"
	"testing"
)

func TestAPatternMatchesAsItsStarsSay(t *testing.T) {
	for name, test := range map[string]struct {
		pattern Pattern
		name    string
		matches bool
	}{
		"an exact name matches itself":                {"reader", "reader", true},
		"an exact name matches no longer one":         {"reader", "reader-2", false},
		"a star matches everything":                   {"*", "anything", true},
		"a star matches nothing at all":               {"team-*", "team-", true},
		"a prefix must be there":                      {"team-*", "steam-a", false},
		"a suffix must be there":                      {"*-reader", "a-reader", true},
		"a middle may be anything":                    {"a*z", "abcz", true},
		"prefix and suffix do not share characters":   {"ab*ba", "aba", false},
		"parts must come in order":                    {"*a*b*", "ba", false},
		"parts are found wherever they leave room":    {"*ab*abc", "ababc", true},
		"two stars in a row are like one":             {"a**b", "ab", true},
		"characters of regular expressions are plain": {"a.c*", "abc", false},
	} {
		t.Run(name, func(t *testing.T) {
			if test.pattern.Matches(test.name) != test.matches {
				t.Errorf("%q matches %q: %v", test.pattern, test.name, !test.matches)
			}
		})
	}
}

func FuzzAPatternMatchesAsItsRegularExpression(f *testing.F) {
	f.Add("team-*-reader", "team-a-reader")
	f.Add("*a*ba*", "aaba")
	f.Fuzz(func(t *testing.T, p, name string) {
		if len(p) > 40 || len(name) > 40 || strings.ContainsAny(p+name, "\n") || strings.ToValidUTF8(p+name, "") != p+name {
			return
		}
		parts := strings.Split(p, "*")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		want := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(name)
		if got := Pattern(p).Matches(name); got != want {
			t.Errorf("%q matches %q: %v", p, name, got)
		}
	})
}
