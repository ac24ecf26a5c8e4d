package platform

import (
	"fmt"
	"os"
	"strings"
)

const (
	// replacedMark stands in a document before a block of commands that needs what a test has not.
	replacedMark = "<!-- replaced in the test"
	blockStart   = "```sh\n"
	blockEnd     = "```\n"
)

// Block is a block of shell commands of a document.
type Block struct {
	Commands string
	// Replaced tells that the document says of it that the test does something else.
	Replaced bool
}

// Blocks are the blocks of commands of a document below a heading, such as "## Upgrade", to the next one of its level, in their order.
func Blocks(file, heading string) ([]Block, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the commands: %w", err)
	}
	_, text, found := strings.Cut("\n"+string(content), "\n"+heading+"\n")
	if !found {
		return nil, fmt.Errorf("%s has no heading %q", file, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	text, _, _ = strings.Cut(text, "\n"+level+" ")
	var all []Block
	for {
		before, rest, found := strings.Cut(text, blockStart)
		if !found {
			break
		}
		commands, after, closed := strings.Cut(rest, blockEnd)
		if !closed {
			return nil, fmt.Errorf("%s: a block of commands below %q does not end", file, heading)
		}
		_, said, marked := lastCut(before, replacedMark)
		all = append(all, Block{Commands: commands, Replaced: marked && strings.Count(said, "\n") == 1})
		text = after
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no commands below %q", file, heading)
	}
	return all, nil
}

// lastCut is strings.Cut around the last separator.
func lastCut(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
