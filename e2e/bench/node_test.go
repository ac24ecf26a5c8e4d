package bench

import (
	"testing"
	"time"
)

func TestTheStatusOfAProcessIsRead(t *testing.T) {
	got, err := parseStat("42 (a (strange) name) S 7 42 42 0 -1 4194560 100 200 0 0 11 5 30 20 20 0 1 0 100 1000 10\n")
	want := status{name: "a (strange) name", own: 160 * time.Millisecond, children: 500 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, text := range []string{"", "42 (short) S 7", "42 (x) S 7 42 42 0 -1 4194560 100 200 0 0 11 5 x 20"} {
		if _, err := parseStat(text); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

func TestAShareIsThatOfAPodAndMinute(t *testing.T) {
	if got := perPodMinute(time.Duration(billPods*billWindow.Minutes()) * 20 * time.Millisecond); got != 20 {
		t.Errorf("got %v", got)
	}
}
