package association

import "strings"

// Pattern is a name in which * stands for any characters, or none.
type Pattern string

func (p Pattern) exact() bool { return !strings.Contains(string(p), "*") }

// normalized is the same pattern without needless stars: two in a row match what one does.
func (p Pattern) normalized() Pattern {
	for strings.Contains(string(p), "**") {
		p = Pattern(strings.ReplaceAll(string(p), "**", "*"))
	}
	return p
}

// specificity is the length of what precedes the first *. Where there is none it is the length of the name and one more: an
// exact name is more specific than every pattern that begins with it.
func (p Pattern) specificity() int {
	if before, _, found := strings.Cut(string(p), "*"); found {
		return len(before)
	}
	return len(p) + 1
}

// Matches reports whether the name matches. The first and the last part must be at the ends, those between are searched from the
// left: to take each as early as possible leaves the most room for the next.
func (p Pattern) Matches(name string) bool {
	parts := strings.Split(string(p), "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return name == first
	}
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return true
}
