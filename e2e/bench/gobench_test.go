package bench

import (
	"maps"
	"strings"
	"testing"
)

func TestBenchmarksAreRead(t *testing.T) {
	text := "goos: linux\nBenchmarkReview-2   \t    3000\t    359408 ns/op\t   60134 B/op\nBenchmarkIdentity/among_patterns-2 \t 100 \t 12.5 ns/op\nPASS\n"
	got, err := parseBenchmarks(text)
	if err != nil {
		t.Fatal(err)
	}
	if value, err := got.value("Review", "B/op"); err != nil || value != 60134 {
		t.Errorf("got %v, %v", value, err)
	}
	if value, err := got.value("Identity/among_patterns", "ns/op"); err != nil || value != 12.5 {
		t.Errorf("got %v, %v", value, err)
	}
	if _, err := got.value("Review", "reviews/s"); err == nil || !strings.Contains(err.Error(), "no benchmark has reported reviews/s of Review") {
		t.Errorf("error %v", err)
	}
	if _, err := parseBenchmarks("BenchmarkReview-2 1 fast ns/op\n"); err == nil {
		t.Error("no error for a value that is no number")
	}
}

func TestAttributesOfTestsAreRead(t *testing.T) {
	got, err := parseAttributes("=== RUN   TestFleet\n=== ATTR  TestFleet expired 0\n    === ATTR  TestFleet/sub peak 1.5\n--- PASS\n")
	if want := map[string]float64{"expired": 0, "peak": 1.5}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseAttributes("=== ATTR  TestFleet expired none\n"); err == nil {
		t.Error("no error for a value that is no number")
	}
}
