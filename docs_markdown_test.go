package podidentity_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	flagPattern = regexp.MustCompile(`^--?[a-z-]+$`)
	wordPattern = regexp.MustCompile(`^[A-Za-z_]+$`)

	heading    = regexp.MustCompile(`^(#+)\s+(.*?)\s*$`)
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	inlineLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	metricName = regexp.MustCompile(`\bpodidentity_[a-z_]+[a-z]\b`)
	makeCall   = regexp.MustCompile(`(?:^|[\s;&|])make((?:[ \t]+[^\s#;&|]+)*)`)
	testName   = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w+…?`)
	ruleOf     = regexp.MustCompile(`(?m)^([A-Za-z0-9_./-]+):(?:[^=]|$)`)
	step       = regexp.MustCompile("`([a-z0-9]+(?:\\.[A-Za-z]\\w*){1,2})`[^`\\n]*?\\[([\\w./-]+\\.go)\\]")
	identifier = regexp.MustCompile(`^([a-z0-9]+)\.[A-Z]\w*(?:\.\w+)?$`)
	filePath   = regexp.MustCompile(`^[a-z][a-z0-9_.-]*/[a-z0-9_./-]*(?:\.(?:go|md|yaml|sh)|/)$`)
	drawn      = regexp.MustCompile(`(?::|loop) (\d+) ((?:[A-Za-z]\w*\.)?[A-Za-z]\w*)`)
	tabled     = regexp.MustCompile("(?m)^\\| (\\d+) \\| `([\\w.]+)`")
	numbered   = regexp.MustCompile(`^(\d+)\. `)
	diagram    = regexp.MustCompile("(?s)```mermaid\n.*?```")
)

// section is what follows a heading, up to the next one of any level.
func section(page, title string) string {
	var lines []string
	inside, fenced := false, false
	for line := range strings.Lines(page) {
		fenced = fenced != strings.HasPrefix(strings.TrimSpace(line), "```")
		if match := heading.FindStringSubmatch(strings.TrimSuffix(line, "\n")); match != nil && !fenced {
			inside = match[2] == title
			continue
		}
		if inside {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// cells are the code spans of the first column of all tables that fit the pattern.
func cells(text string, pattern *regexp.Regexp) []string { return column(text, 0, pattern) }

func column(text string, number int, pattern *regexp.Regexp) []string {
	var all []string
	for line := range strings.Lines(text) {
		columns := strings.Split(strings.TrimSpace(line), "|")
		if !strings.HasPrefix(line, "|") || len(columns) < number+3 {
			continue
		}
		for _, span := range codeSpan.FindAllStringSubmatch(columns[number+1], -1) {
			if pattern.MatchString(span[1]) {
				all = append(all, span[1])
			}
		}
	}
	return all
}

// compare says what of the code is not on the page, what of the page is not in the code, and what stands there twice.
func compare(code, page []string) []string {
	var complaints []string
	for _, name := range unique(code) {
		if !slices.Contains(page, name) {
			complaints = append(complaints, fmt.Sprintf("%s lacks %s: add it", referencePage, name))
		}
	}
	for i, name := range page {
		if !slices.Contains(code, name) {
			complaints = append(complaints, fmt.Sprintf("%s has %s, which the code has not: remove it", referencePage, name))
		}
		if slices.Contains(page[:i], name) {
			complaints = append(complaints, fmt.Sprintf("%s has %s twice", referencePage, name))
		}
	}
	return complaints
}

func unique(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// known are those of names that are among others.
func known(names, others []string) []string {
	return unique(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(others, name) }))
}

// anchors are those that GitHub makes of the headings.
func anchors(page string) []string {
	var all []string
	seen := map[string]int{}
	for line := range strings.Lines(withoutFences(page)) {
		match := heading.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if match == nil {
			continue
		}
		anchor := strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(match[2]), ""), " ", "-")
		if n := seen[anchor]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", anchor, n))
		}
		seen[anchor]++
		all = append(all, anchor)
	}
	return all
}

func withoutFences(page string) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(page) {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if !fenced && !fence {
			b.WriteString(line)
		}
		fenced = fenced != fence
	}
	return b.String()
}

func brokenLinks(from string, pages map[string]string, exists func(path string) bool) []string {
	var complaints []string
	for _, match := range inlineLink.FindAllStringSubmatch(codeSpan.ReplaceAllString(withoutFences(pages[from]), ""), -1) {
		target, anchor, _ := strings.Cut(match[1], "#")
		if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
			continue
		}
		file := from
		if target != "" {
			file = path.Join(path.Dir(from), target)
		}
		page, document := pages[file]
		switch {
		case !document && !exists(file):
			complaints = append(complaints, fmt.Sprintf("%s links to %s, which does not exist", from, match[1]))
		case anchor != "" && document && !slices.Contains(anchors(page), anchor):
			complaints = append(complaints, fmt.Sprintf("%s links to %s, where no heading has this anchor", from, match[1]))
		}
	}
	return complaints
}

// missingFiles looks at the code spans that are paths, of the checkout or below the directory of the document.
func missingFiles(from, text string, exists func(path string) bool) []string {
	var complaints []string
	for _, span := range codeSpan.FindAllStringSubmatch(withoutFences(text), -1) {
		if filePath.MatchString(span[1]) && !exists(path.Clean(span[1])) && !exists(path.Join(path.Dir(from), span[1])) {
			complaints = append(complaints, fmt.Sprintf("%s names the file %s, which does not exist", from, span[1]))
		}
	}
	return complaints
}

// misnumbered are items of the numbered lists of a page that do not follow the one before.
func misnumbered(page string) []string {
	var complaints []string
	last := 0
	for line := range strings.Lines(withoutFences(page)) {
		match := numbered.FindStringSubmatch(line)
		switch {
		case heading.MatchString(strings.TrimSpace(line)):
			last = 0
		case match != nil && match[1] != strconv.Itoa(last+1):
			complaints = append(complaints, fmt.Sprintf("%s has %s after %d", architecturePage, match[1], last))
			fallthrough
		case match != nil:
			last++
		}
	}
	return complaints
}
