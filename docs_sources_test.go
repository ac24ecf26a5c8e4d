package podidentity_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/contract"
)

// walk calls visit with the files below a directory that have an extension, but those that are built or that tools keep.
func walk(t *testing.T, dir, extension string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "bin" || name == "node_modules" || len(name) > 1 && name[0] == '.') {
			return fs.SkipDir
		}
		if !entry.IsDir() && filepath.Ext(name) == extension {
			visit(filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sources are the names that the code of the product shows.
type sources struct {
	metrics, events []string
	// declared are the names of packages, and of what they declare, as package.Name and package.Type.Method.
	declared map[string]bool
	// values are those of the constants of each package, in the order of the files.
	values map[string][]constant
}

type constant struct{ name, value string }

// constants are the values of the constants of a package whose names begin so.
func (s sources) constants(pkg string, prefixes ...string) []string {
	var all []string
	for _, c := range s.values[pkg] {
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(c.name, prefix) }) {
			all = append(all, c.value)
		}
	}
	return all
}

func ofDomain(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, contract.Domain+"/") })
}

// parseSources reads the product, tests and e2e left out.
func parseSources(t *testing.T) sources {
	t.Helper()
	s := sources{values: map[string][]constant{}, declared: map[string]bool{}}
	walk(t, ".", ".go", func(path string) {
		if strings.HasPrefix(path, "e2e/") || strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s.read(file)
	})
	s.metrics, s.events = unique(s.metrics), unique(s.events)
	return s
}

func (s *sources) read(file *ast.File) {
	local := map[string]string{}
	s.declared[file.Name.Name] = true
	for _, name := range functionsOf(file) {
		s.declared[name] = true
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.TypeSpec:
			s.declared[file.Name.Name+"."+n.Name.Name] = true
		case *ast.ValueSpec:
			for _, name := range n.Names {
				s.declared[file.Name.Name+"."+name.Name] = true
			}
			for i := range n.Values {
				if value, ok := text(n.Values[i], local); ok {
					local[n.Names[i].Name] = value
					s.values[file.Name.Name] = append(s.values[file.Name.Name], constant{n.Names[i].Name, value})
				}
			}
		case *ast.BasicLit:
			if value, ok := text(n, nil); ok && regexp.MustCompile("^"+metricName.String()+"$").MatchString(value) {
				s.metrics = append(s.metrics, value)
			}
		case *ast.KeyValueExpr:
			// The reason of an eventsv1.Event; those of conditions are constants of the API.
			if field, is := n.Key.(*ast.Ident); is && field.Name == "Reason" {
				if reason, ok := text(n.Value, local); ok {
					s.events = append(s.events, reason)
				}
			}
		}
		return true
	})
}

// text is the value of a constant expression of strings, where it can be told from the file alone.
func text(expression ast.Expr, local map[string]string) (value string, ok bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.Ident:
		value, ok := local[e.Name]
		return value, ok
	case *ast.BinaryExpr:
		left, isLeft := text(e.X, local)
		right, isRight := text(e.Y, local)
		return left + right, isLeft && isRight
	}
	return "", false
}

// parseTests are the names of all tests, fuzz targets and benchmarks, of both modules.
func parseTests(t *testing.T) []string {
	t.Helper()
	var all []string
	walk(t, ".", ".go", func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range functionsOf(file) {
			all = append(all, name[strings.LastIndexByte(name, '.')+1:])
		}
	})
	return all
}

// literals are the strings in the tests of a directory.
func literals(t *testing.T, directory string) []string {
	t.Helper()
	var all []string
	walk(t, directory, ".go", func(path string) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok {
				if value, ok := text(literal, nil); ok {
					all = append(all, value)
				}
			}
			return true
		})
	})
	return all
}
