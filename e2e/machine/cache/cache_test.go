package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnEntryIsMadeOnceHoweverManyNeedIt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var made atomic.Int32
	entry := Entry{Name: "x-1", What: "making x", Make: func(_ context.Context, dir string) error {
		made.Add(1)
		time.Sleep(50 * time.Millisecond)
		return os.WriteFile(filepath.Join(dir, "x"), nil, 0o600)
	}}
	var users sync.WaitGroup
	for range 3 {
		users.Go(func() {
			dir, err := Ensure(t.Context(), entry, t.Logf)
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "x")); err != nil {
				t.Error(err)
			}
		})
	}
	users.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

func TestAnInterruptedEntryIsMadeAfresh(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	interrupted := errors.New("interrupted")
	entry := Entry{Name: "x-1", What: "making x", Make: func(_ context.Context, dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o600), interrupted)
	}}
	if _, err := Ensure(t.Context(), entry, t.Logf); !errors.Is(err, interrupted) {
		t.Fatal(err)
	}
	// A run that was killed leaves its directory.
	if err := os.MkdirAll(filepath.Join(Dir(), "x-1.unfinished-7", "half"), 0o755); err != nil {
		t.Fatal(err)
	}
	entry.Make = func(context.Context, string) error { return nil }
	dir, err := Ensure(t.Context(), entry, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(Dir(), "*unfinished*")); err != nil || len(left) != 0 {
		t.Errorf("beside it there is still %v, %v", left, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("of the interrupted run there is still %v, %v", left, err)
	}
}

func TestARootWithoutAHomeHasRootsCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if got := Dir(); got != "/root/.cache/podidentity" {
		t.Errorf("Dir = %s", got)
	}
}

func TestALongStepSaysHowLongItHasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		stop := Progress(func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }, "making x", "1 minute")
		time.Sleep(31 * time.Second)
		stop()
		time.Sleep(time.Minute)
		want := "making x: 15s so far, of about 1 minute\nmaking x: 30s so far, of about 1 minute"
		if got := strings.Join(said, "\n"); got != want {
			t.Errorf("said:\n%s", got)
		}
	})
}
