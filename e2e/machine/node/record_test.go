package node

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheStartTimeIsFoundBehindAnyProgramName(t *testing.T) {
	const rest = " S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8237 1000 200 18446744073709551615"
	for _, name := range []string{"sh", "a b", "a) S 1 (b", ""} {
		got, err := parseStartTime("42 (" + name + ")" + rest)
		if err != nil || got != 8237 {
			t.Errorf("program %q: %d, %v", name, got, err)
		}
	}
	for _, stat := range []string{"", "42 sh S 1", "42 (sh) S 1 2 3"} {
		if got, err := parseStartTime(stat); err == nil {
			t.Errorf("from %q came %d", stat, got)
		}
	}
}

func TestARecordSurvivesBeingWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record")
	self, err := recordOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := readRecord(path); err != nil || got != self {
		t.Errorf("read %v, %v, wrote %v", got, err, self)
	}
}

func TestARecordOfAnythingElseIsRefused(t *testing.T) {
	for _, text := range []string{"", "42", "42 ", "x 1", "-1 5", "0 5", "1 5"} {
		if got, err := parseRecord(text); err == nil {
			t.Errorf("%q was taken for %v", text, got)
		}
	}
}

func TestAnIdThatWasGivenToALaterProcessIsNotTheRecordedOne(t *testing.T) {
	self, err := recordOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !self.alive() {
		t.Error("this process is not alive")
	}
	if earlier := (record{pid: self.pid, start: self.start - 1}); earlier.alive() {
		t.Error("an earlier process of the same id is alive")
	}
}
