package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// process is the id of one that runs, seen from outside by /proc.
type process int

// memory is what of a process is in memory, in bytes. File-backed pages are shared by all who run the same binary; anonymous
// ones are not.
type memory struct {
	resident, anonymous int64
}

func (p process) memory() (memory, error) {
	text, err := os.ReadFile(p.path("smaps_rollup"))
	if err != nil {
		return memory{}, fmt.Errorf("read the memory of a process: %w", err)
	}
	return parseMemory(string(text))
}

func parseMemory(text string) (m memory, err error) {
	const kilobyte = 1 << 10
	if m.resident, err = field(text, "Rss"); err != nil {
		return memory{}, err
	}
	if m.anonymous, err = field(text, "Anonymous"); err != nil {
		return memory{}, err
	}
	return memory{m.resident * kilobyte, m.anonymous * kilobyte}, nil
}

// effort is what a process has cost the CPUs since its start.
type effort struct {
	at       time.Time
	cpu      time.Duration
	switches int64
}

// effort adds up the threads: status and schedstat of a process are those of its first.
func (p process) effort() (effort, error) {
	e := effort{at: time.Now()}
	threads, err := filepath.Glob(p.path("task/*"))
	if err != nil || len(threads) == 0 {
		return effort{}, fmt.Errorf("find the threads of process %d: there are none: has it ended?", p)
	}
	for _, thread := range threads {
		status, err := os.ReadFile(filepath.Join(thread, "status"))
		if err != nil {
			return effort{}, fmt.Errorf("read the context switches of a thread: %w", err)
		}
		// In nanoseconds, where stat has hundredths of a second.
		schedule, err := os.ReadFile(filepath.Join(thread, "schedstat"))
		if err != nil {
			return effort{}, fmt.Errorf("read the CPU time of a thread: %w", err)
		}
		if err := e.add(string(status), string(schedule)); err != nil {
			return effort{}, err
		}
	}
	return e, nil
}

func (e *effort) add(status, schedule string) error {
	for _, kind := range []string{"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"} {
		n, err := field(status, kind)
		if err != nil {
			return err
		}
		e.switches += n
	}
	ran, _, _ := strings.Cut(schedule, " ")
	nanoseconds, err := strconv.ParseInt(ran, 10, 64)
	if err != nil {
		return fmt.Errorf("read the CPU time of a thread: %w", err)
	}
	e.cpu += time.Duration(nanoseconds)
	return nil
}

// since is what was spent from earlier to e.
func (e effort) since(earlier effort) (took, cpu time.Duration, switches int64) {
	return e.at.Sub(earlier.at), e.cpu - earlier.cpu, e.switches - earlier.switches
}

func (p process) path(file string) string {
	return filepath.Join("/proc", strconv.Itoa(int(p)), file)
}

// field is the number in a line "name: number" of a file of /proc.
func field(text, name string) (int64, error) {
	found := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)`).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("this kernel's /proc does not tell %s", name)
	}
	return strconv.ParseInt(found[1], 10, 64)
}
