package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// results are the metrics of Go benchmarks by name and unit, such as "Review" and "B/op".
type results map[string]map[string]float64

// value is one metric. What is missing is an error: a benchmark that was renamed must not vanish from the table.
func (r results) value(name, unit string) (float64, error) {
	value, ok := r[name][unit]
	if !ok {
		return 0, fmt.Errorf("no benchmark has reported %s of %s", unit, name)
	}
	return value, nil
}

// goBenchmarks runs those of the product's module whose names match, and copies what they print to raw, fit for benchstat.
func goBenchmarks(ctx context.Context, root string, raw io.Writer, args ...string) (results, error) {
	text, err := goTest(ctx, root, append([]string{"-run=^$"}, args...)...)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(raw, text); err != nil {
		return nil, fmt.Errorf("keep the results of the benchmarks: %w", err)
	}
	return parseBenchmarks(text)
}

func goTest(ctx context.Context, root string, args ...string) (string, error) {
	var out bytes.Buffer
	test := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1"}, args...)...)
	test.Dir, test.Stdout, test.Stderr = root, &out, &out
	if err := test.Run(); err != nil {
		return "", fmt.Errorf("go test %s: %w: %s", strings.Join(args, " "), err, out.String())
	}
	return out.String(), nil
}

// parseBenchmarks reads the format of the Go benchmarks: a name, the number of operations, and pairs of value and unit.
func parseBenchmarks(text string) (results, error) {
	all := results{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(fields[0], "Benchmark"), "-")
		metrics := map[string]float64{}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("read the result of benchmark %s: %w", name, err)
			}
			metrics[fields[i+1]] = value
		}
		all[name] = metrics
	}
	return all, nil
}

// parseAttributes reads what tests have said by testing.T.Attr: lines of "=== ATTR  test key value".
func parseAttributes(text string) (map[string]float64, error) {
	all := map[string]float64{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 5 || fields[1] != "ATTR" {
			continue
		}
		value, err := strconv.ParseFloat(fields[4], 64)
		if err != nil {
			return nil, fmt.Errorf("read %s of test %s: %w", fields[3], fields[2], err)
		}
		all[fields[3]] = value
	}
	return all, nil
}
