package podidentity_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
)

// unknownMetrics looks at all documents but the changelog, which names metrics of the past.
func unknownMetrics(pages map[string]string, metrics []string) []string {
	var complaints []string
	for path, text := range pages {
		for _, name := range metricName.FindAllString(text, -1) {
			if path != "CHANGELOG.md" && !slices.Contains(metrics, name) {
				complaints = append(complaints, fmt.Sprintf("%s names the metric %s, which the code does not have", path, name))
			}
		}
	}
	return complaints
}

// unknownTargets looks at code alone: in prose, make is a word.
func unknownTargets(path, text, makefile string) []string {
	var targets []string
	for _, rule := range ruleOf.FindAllStringSubmatch(makefile, -1) {
		targets = append(targets, rule[1])
	}
	var complaints []string
	for _, code := range codeOf(text) {
		for _, call := range makeCall.FindAllStringSubmatch(code, -1) {
			for _, word := range strings.Fields(call[1]) {
				if strings.HasPrefix(word, "-") || strings.ContainsAny(word, "=\\\"'.…") {
					break
				}
				if !slices.Contains(targets, word) {
					complaints = append(complaints, fmt.Sprintf("%s names `make %s`, which the Makefile does not have", path, word))
				}
			}
		}
	}
	return complaints
}

// codeOf are the code spans and the lines of code blocks.
func codeOf(text string) []string {
	var code []string
	fenced := false
	for line := range strings.Lines(text) {
		switch fence := strings.HasPrefix(strings.TrimSpace(line), "```"); {
		case fence:
			fenced = !fenced
		case fenced || strings.HasPrefix(line, "    "):
			code = append(code, line)
		default:
			for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
				code = append(code, span[1])
			}
		}
	}
	return code
}

func unknownTests(path, text string, tests []string) []string {
	var complaints []string
	for _, code := range codeOf(text) {
		for _, name := range testName.FindAllString(code, -1) {
			beginning, cut := strings.CutSuffix(name, "…")
			fits := func(test string) bool { return test == name || cut && strings.HasPrefix(test, beginning) }
			if !slices.ContainsFunc(tests, fits) {
				complaints = append(complaints, fmt.Sprintf("%s names the test %s, which does not exist", path, name))
			}
		}
	}
	return complaints
}

// unknownIdentifiers looks at the code spans that are package.Name or package.Type.Method of a package of ours.
func unknownIdentifiers(path, text string, declared map[string]bool) []string {
	var complaints []string
	for _, span := range codeSpan.FindAllStringSubmatch(withoutFences(text), -1) {
		if match := identifier.FindStringSubmatch(span[1]); match != nil && declared[match[1]] && !declared[span[1]] {
			complaints = append(complaints, fmt.Sprintf("%s names %s, which package %s does not declare", path, span[1], match[1]))
		}
	}
	return complaints
}

// unknownFunctions looks for each `package.Function` or `package.Type.Method` in the file that is named behind it.
func unknownFunctions(page string, read func(path string) (string, error)) []string {
	var complaints []string
	steps := step.FindAllStringSubmatch(diagram.ReplaceAllString(page, ""), -1)
	if len(steps) == 0 {
		return []string{architecturePage + " names no function"}
	}
	for _, match := range steps {
		function, file := match[1], match[2]
		source, err := read(file)
		if err != nil {
			complaints = append(complaints, fmt.Sprintf("%s has %s in %s, which cannot be read: %v", architecturePage, function, file, err))
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
		if err != nil {
			complaints = append(complaints, fmt.Sprintf("%s does not parse: %v", path.Base(file), err))
			continue
		}
		if !slices.Contains(functionsOf(parsed), function) {
			complaints = append(complaints, fmt.Sprintf("%s has %s in %s, which does not have it", architecturePage, function, file))
		}
	}
	return complaints
}

// unplanned are packages that stand neither in the floor plan nor in the README of their top directory.
func unplanned(pages map[string]string, packages []string) []string {
	var complaints []string
	for _, name := range packages {
		top, below, _ := strings.Cut(name, "/")
		stands := strings.Contains(section(pages[architecturePage], "Floor plan"), "| `"+name+"/` |")
		if !stands && (below == "" || !strings.Contains(pages[top+"/README.md"], below+"/")) {
			complaints = append(complaints, fmt.Sprintf("package %s stands neither in %s nor in %s/README.md", name, architecturePage, top))
		}
	}
	return complaints
}

// disagreements are steps of a diagram that the table below it has not, and the other way round.
func disagreements(page string) []string {
	var complaints []string
	for _, part := range strings.Split(page, "```mermaid\n")[1:] {
		diagram, table, _ := strings.Cut(part, "```")
		table, _, _ = strings.Cut(table, "\n#")
		names := map[string]string{}
		for _, row := range tabled.FindAllStringSubmatch(table, -1) {
			names[row[1]] = row[2]
		}
		for _, message := range drawn.FindAllStringSubmatch(diagram, -1) {
			if !strings.HasSuffix(names[message[1]], "."+message[2]) {
				complaints = append(complaints, fmt.Sprintf("step %s is %s in a diagram of %s, and %q in its table", message[1], message[2], architecturePage, names[message[1]]))
			}
			delete(names, message[1])
		}
		for number, name := range names {
			complaints = append(complaints, fmt.Sprintf("step %s, %s, is in no diagram of %s", number, name, architecturePage))
		}
	}
	return complaints
}

// functionsOf are the functions and methods of a file as package.Function and package.Type.Method.
func functionsOf(file *ast.File) []string {
	var all []string
	for _, declaration := range file.Decls {
		function, is := declaration.(*ast.FuncDecl)
		if !is {
			continue
		}
		name := file.Name.Name + "."
		if function.Recv != nil {
			name += receiver(function.Recv.List[0].Type) + "."
		}
		all = append(all, name+function.Name.Name)
	}
	return all
}

func receiver(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func tooLong(path, text string, most int) []string {
	if lines := strings.Count(text, "\n"); lines > most {
		return []string{fmt.Sprintf("%s has %d lines, and may have %d", path, lines, most)}
	}
	return nil
}
