package bench

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestProcIsRead(t *testing.T) {
	t.Run("memory is in bytes", func(t *testing.T) {
		got, err := parseMemory("55c184364000-7fff237a1000 ---p 0 00:00 0  [rollup]\nRss:    9800 kB\nPss: 1 kB\nAnonymous:   2100 kB\nLazyFree: 0 kB\n")
		if want := (memory{9800 << 10, 2100 << 10}); err != nil || got != want {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("threads are added up, and both kinds of switches", func(t *testing.T) {
		var e effort
		for range 2 {
			if err := e.add("Name:\tx\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t2\n", "438049 62693 4\n"); err != nil {
				t.Fatal(err)
			}
		}
		if e.switches != 18 || e.cpu != 876098*time.Nanosecond {
			t.Errorf("got %v", e)
		}
	})
	t.Run("what is missing is named", func(t *testing.T) {
		if _, err := parseMemory("Rss: 1 kB\n"); err == nil || !strings.Contains(err.Error(), "does not tell Anonymous") {
			t.Errorf("error %v", err)
		}
		var e effort
		if err := e.add("voluntary_ctxt_switches: 1\nnonvoluntary_ctxt_switches: 1\n", ""); err == nil {
			t.Error("no error for a CPU time that is not there")
		}
	})
}

func TestThisProcessIsMeasured(t *testing.T) {
	self := process(os.Getpid())
	m, err := self.memory()
	if err != nil || m.resident <= m.anonymous || m.anonymous <= 0 {
		t.Errorf("got %v, %v", m, err)
	}
	e, err := self.effort()
	if err != nil || e.cpu <= 0 || e.switches <= 0 {
		t.Errorf("got %v, %v", e, err)
	}
	if _, err := process(1 << 30).effort(); err == nil {
		t.Error("no error for a process that is not there")
	}
}
