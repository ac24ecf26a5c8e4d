package node

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// record identifies a process for good: its id may be given to another one once it has ended, but not with the same start
// time.
type record struct {
	pid   int
	start uint64
}

// recordOf identifies a process that is running now.
func recordOf(pid int) (record, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return record{}, fmt.Errorf("read start time of process %d: %w", pid, err)
	}
	start, err := parseStartTime(string(stat))
	if err != nil {
		return record{}, fmt.Errorf("read start time of process %d: %w", pid, err)
	}
	return record{pid: pid, start: start}, nil
}

// parseStartTime reads field 22 of /proc/<pid>/stat. Field 2 is the name of the program in parentheses, which may itself
// contain spaces and parentheses: counting starts after the last one.
func parseStartTime(stat string) (uint64, error) {
	end := strings.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, fmt.Errorf("no program name in %q", stat)
	}
	const firstAfterName, startTime = 3, 22
	fields := strings.Fields(stat[end+1:])
	if len(fields) <= startTime-firstAfterName {
		return 0, fmt.Errorf("no field %d in %q", startTime, stat)
	}
	return strconv.ParseUint(fields[startTime-firstAfterName], 10, 64)
}

// alive reports whether this very process, and not a later one with its id, still runs.
func (r record) alive() bool {
	now, err := recordOf(r.pid)
	return err == nil && now == r
}

func (r record) write(path string) error {
	if err := os.WriteFile(path, fmt.Appendf(nil, "%d %d\n", r.pid, r.start), 0o600); err != nil {
		return fmt.Errorf("record process %d: %w", r.pid, err)
	}
	return nil
}

func readRecord(path string) (record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return record{}, fmt.Errorf("read process record: %w", err)
	}
	return parseRecord(string(text))
}

func parseRecord(text string) (record, error) {
	var r record
	if _, err := fmt.Sscanf(text, "%d %d\n", &r.pid, &r.start); err != nil {
		return record{}, fmt.Errorf("process record %q is not a process id and a start time: %w", text, err)
	}
	if r.pid <= 1 {
		return record{}, fmt.Errorf("process record %q names a process that cannot be ours", text)
	}
	return r, nil
}
