package attack_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/document"
)

var update = flag.Bool("update", false, "write the table of docs/security.md from what this run has seen; read the difference before you commit it")

// row is what came of an attack.
type row struct {
	attack      attack
	seen, rest  others
	peak, limit int64
}

// note keeps the peak of the container that came closest to its limit.
func (r *row) note(peak, limit int64) {
	if peak >= r.peak {
		r.peak, r.limit = peak, limit
	}
}

func (r row) String() string {
	return fmt.Sprintf("| %s | %s | %.0f MB of %.0f | %d of %d | %s | %d of %d | %s |", r.attack.server, r.attack.name,
		float64(r.peak)/1e6, float64(r.limit)/1e6,
		r.seen.admissions.Failed, r.seen.admissions.Failed+len(r.seen.admissions.Took), times(r.seen.admissions.P99(), r.rest.admissions.P99()),
		r.seen.reads.Late(clientTimeout(r.attack.server)), r.seen.reads.Failed+len(r.seen.reads.Took), times(r.seen.reads.P99(), r.rest.reads.P99()))
}

// clientTimeout is how long clients wait: boto3 and the SDKs for Java for a second, sidecars longer.
func clientTimeout(server string) time.Duration {
	if server == auth {
		return 10 * time.Second
	}
	return time.Second
}

// times is a time, and how many times that at rest it is.
func times(now, rest time.Duration) string {
	text := fmt.Sprintf("%.1f ms", float64(now.Microseconds())/1000)
	if rest == 0 || now == rest {
		return text
	}
	return fmt.Sprintf("%s, %.1f×", text, float64(now)/float64(rest))
}

const page = "../../../docs/security.md"

// report prints the table, and writes it where it is told to.
func (s *suite) report(t *testing.T) {
	t.Helper()
	lines := []string{
		"| server | what is sent | memory at most | pods refused | 99 % admitted within | reads failed or late | 99 % read within |",
		"|---|---|---|---|---|---|---|",
	}
	for _, r := range s.rows {
		lines = append(lines, r.String())
	}
	table := strings.Join(lines, "\n") + "\n"
	t.Logf("\n%s", table)
	if !*update {
		return
	}
	if err := (document.Table{File: page, Command: "make attack"}).Write(table); err != nil {
		t.Fatal(err)
	}
}
