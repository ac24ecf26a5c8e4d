package config

import (
	"errors"
	"slices"
	"strings"
)

// names is a flag such as one,two. It replaces the default as a whole.
type names []string

// String implements flag.Value.
func (n *names) String() string { return strings.Join(*n, ",") }

// Set implements flag.Value.
func (n *names) Set(text string) error {
	list := strings.Split(text, ",")
	if slices.Contains(list, "") {
		return errors.New("a name is empty: separate names by single commas")
	}
	*n = list
	return nil
}
