package podidentity_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/sidecar/metrics"
)

// metric is what the code says of one.
type metric struct {
	name, kind, help string
	labels, where    []string
}

// metricsOf are all metrics of the product by their names: those that the code gives to Prometheus' library, and those that the sidecar
// writes itself.
func metricsOf(t *testing.T) []metric {
	t.Helper()
	all := scraped(t)
	walk(t, ".", ".go", func(path string) {
		if strings.HasPrefix(path, "e2e/") || strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range declaredMetrics(file) {
			found.where = servedBy(path)
			all = append(all, found)
		}
	})
	slices.SortFunc(all, func(a, b metric) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(all, func(a, b metric) bool {
		// The sidecar has this one too, which all binaries have.
		return a.name == b.name && a.name == "podidentity_build_info"
	})
}

// servedBy is where the metrics of a file are served.
func servedBy(file string) []string {
	switch dir := path.Dir(file); {
	case dir == "webhook/controller":
		return []string{"webhook, leading replica"}
	case strings.HasPrefix(dir, "webhook"):
		return []string{"webhook"}
	case strings.HasPrefix(dir, "auth"):
		return []string{"auth service"}
	case dir == "association":
		return []string{"webhook", "auth service"}
	}
	return []string{"all"}
}

// declaredMetrics are the calls of prometheus.New… in a file.
func declaredMetrics(file *ast.File) (found []metric) {
	ast.Inspect(file, func(node ast.Node) bool {
		call, is := node.(*ast.CallExpr)
		if !is || len(call.Args) == 0 {
			return true
		}
		function, is := call.Fun.(*ast.SelectorExpr)
		if !is {
			return true
		}
		if of, is := function.X.(*ast.Ident); !is || of.Name != "prometheus" {
			return true
		}
		kind := strings.ToLower(regexp.MustCompile(`^New(?:(Gauge|Counter|Histogram).*|.*)$`).ReplaceAllString(function.Sel.Name, "$1"))
		switch options, literal := call.Args[0].(*ast.CompositeLit); {
		case function.Sel.Name == "NewDesc" && len(call.Args) == 4:
			name, _ := text(call.Args[0], nil)
			help, _ := text(call.Args[1], nil)
			found = append(found, metric{name: name, kind: "gauge", help: help, labels: words(call.Args[2])})
		case kind != "" && literal:
			m := metric{kind: kind, name: option(options, "Name"), help: option(options, "Help"), labels: constLabels(options)}
			if len(call.Args) == 2 && strings.HasSuffix(function.Sel.Name, "Vec") {
				m.labels = append(m.labels, words(call.Args[1])...)
			}
			found = append(found, m)
		}
		return true
	})
	return found
}

func field(options *ast.CompositeLit, name string) ast.Expr {
	for _, element := range options.Elts {
		if pair, is := element.(*ast.KeyValueExpr); is {
			if key, is := pair.Key.(*ast.Ident); is && key.Name == name {
				return pair.Value
			}
		}
	}
	return nil
}

func option(options *ast.CompositeLit, name string) string {
	value, _ := text(field(options, name), nil)
	return value
}

func constLabels(options *ast.CompositeLit) (labels []string) {
	if literal, is := field(options, "ConstLabels").(*ast.CompositeLit); is {
		for _, element := range literal.Elts {
			if name, ok := text(element.(*ast.KeyValueExpr).Key, nil); ok {
				labels = append(labels, name)
			}
		}
	}
	return labels
}

// words are the strings of a literal []string.
func words(expression ast.Expr) (all []string) {
	if literal, is := expression.(*ast.CompositeLit); is {
		for _, element := range literal.Elts {
			if word, ok := text(element, nil); ok {
				all = append(all, word)
			}
		}
	}
	return all
}

// scraped are the metrics of a sidecar.
func scraped(t *testing.T) (all []metric) {
	t.Helper()
	answer := httptest.NewRecorder()
	metrics.New().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(answer.Body.String()) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		switch parts[1] {
		case "HELP":
			all = append(all, metric{name: parts[2], help: parts[3], where: []string{"sidecar"}})
		case "TYPE":
			all[len(all)-1].kind = parts[3]
		default:
			last := &all[len(all)-1]
			for _, label := range regexp.MustCompile(`[{,](\w+)=`).FindAllStringSubmatch(line, -1) {
				if !slices.Contains(last.labels, label[1]) {
					last.labels = append(last.labels, label[1])
				}
			}
		}
	}
	return all
}
