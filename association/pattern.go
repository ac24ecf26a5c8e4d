package association

import "strings"

// Pattern is a name in which * stands for any characters, also none.
type Pattern string

func (p Pattern) exact() bool { return !strings.Contains(string(p), "*") }

// normal is the same pattern without needless stars: two in a row are like one.
func (p Pattern) normal() Pattern {
	for strings.Contains(string(p), "**") {
		p = Pattern(strings.ReplaceAll(string(p), "**", "*"))
	}
	return p
}

// literal is the length of what precedes the first *; the whole name, and one more, where there is none: an exact name
// beats every Pattern that begins with it.
func (p Pattern) literal() int {
	if before, _, found := strings.Cut(string(p), "*"); found {
		return len(before)
	}
	return len(p) + 1
}

// Matches tells whether name fits. Parts between stars are found from the left, the first and last at the ends: taking
// each as early as possible leaves the most room for the others.
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
