package command_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/command"
)

func reader() contract.Identity {
	return contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/reader"}
}

// shell is a source whose process runs a script.
func shell(script string) command.Source {
	return command.Source{Path: "/bin/sh", Arguments: []string{"-c", script}}
}

func given() credentials.Credentials {
	return credentials.Credentials{
		AccessKeyID: "ASIA", SecretAccessKey: "<secret>&", SessionToken: "token", AccountID: "111122223333",
		Expiration: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

func printed(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := command.Print(&out, given()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestCredentialsThatArePrintedAreRead(t *testing.T) {
	got, err := shell("cat >/dev/null; cat <<'END'\n"+printed(t)+"END\n").Fetch(t.Context(), reader())
	if err != nil || got != given() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAProcessGetsTheIdentityAndNothingElse(t *testing.T) {
	t.Setenv("OTHER", "variable")
	ours, err := os.Create(filepath.Join(t.TempDir(), "ours"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	script := `grep -q role/reader && test -z "$OTHER" && test "$MINE" = 1 && ! ls -l /proc/$$/fd | grep -q ours && cat <<'END'` + "\n" + printed(t) + "END\n"
	source := shell(script)
	source.Environment = []string{"MINE=1", "PATH=/usr/bin:/bin"}
	if _, err := source.Fetch(t.Context(), reader()); err != nil {
		t.Error(err)
	}
}

func TestAFailureKeepsItsVerdictReasonAndPause(t *testing.T) {
	for _, verdict := range []credentials.Verdict{credentials.Transient, credentials.Throttled, credentials.Provisional, credentials.Refused} {
		want := credentials.Failure{Reason: "STS refuses", Verdict: verdict, RetryAfter: 7 * time.Second}
		var out bytes.Buffer
		if err := command.PrintFailure(&out, &want); err != nil {
			t.Fatal(err)
		}
		_, err := shell("cat <<'END'\n"+out.String()+"END\nexit 3").Fetch(t.Context(), reader())
		if got, ok := errors.AsType[*credentials.Failure](err); !ok || *got != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

func TestAProcessThatGoesWrongIsATransientFailureInWords(t *testing.T) {
	for name, test := range map[string]struct{ script, says string }{
		"one that is killed":                         {"kill -9 $$", "signal, killed"},
		"one that prints nothing":                    {"", "printed no credentials"},
		"one that prints garbage":                    {"echo secret", "printed no credentials"},
		"one that prints two documents":              {"echo '{\"Version\":1}{}'", "printed no credentials"},
		"one that prints another version":            {"echo '{\"Version\":2}'", "printed no credentials"},
		"one that prints without end":                {"yes secret", "more than 65536 bytes"},
		"one that fails without a reason":            {"exit 3", "no reason"},
		"one that fails with a verdict of its own":   {`echo '{"verdict":"x","reason":"secret"}'; exit 3`, "verdict that this version does not know"},
		"one that fails with a pause that overflows": {`echo '{"verdict":"throttled","reason":"secret","retryAfterSeconds":9223372036854775807}'; exit 3`, "no reason"},
		"one that ends with another code":            {"exit 2", "code 2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := shell(test.script).Fetch(t.Context(), reader())
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("it says %v, not %q", err, test.says)
			}
			if _, final := errors.AsType[*credentials.Failure](err); final {
				t.Errorf("%v has a verdict of its own", err)
			}
		})
	}
}

func TestAProcessThatCannotBeStartedIsExplained(t *testing.T) {
	_, err := command.Source{Path: "/nonexistent"}.Fetch(t.Context(), reader())
	if err == nil || !strings.Contains(err.Error(), "cannot be started") || !errors.Is(err, syscall.ENOENT) {
		t.Error(err)
	}
}

func TestAProcessThatHangsIsKilledWithWhatItStarted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := shell("exec 3>"+path+"; sleep 1000 & echo started >&3; wait").Fetch(ctx, reader())
		ended <- err
	}()
	fifo, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fifo.Close() }()
	if _, err := fifo.Read(make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "was ended") {
		t.Error(err)
	}
	// The end of the file comes when the last process that could write to it is gone.
	if _, err := io.ReadAll(fifo); err != nil {
		t.Error(err)
	}
}

func TestALongReasonIsKeptToItsEnd(t *testing.T) {
	var out bytes.Buffer
	if err := command.PrintFailure(&out, errors.New(strings.Repeat("long\n", 400)+"what to do")); err != nil {
		t.Fatal(err)
	}
	if err := command.ParseFailure(out.Bytes()); !strings.HasSuffix(err.Error(), "long what to do") {
		t.Error(err)
	}
}

func FuzzWhatAProcessPrints(f *testing.F) {
	f.Add([]byte(`{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","SessionToken":"c","Expiration":"2030-01-02T03:04:05Z"}`))
	f.Add([]byte(`{"verdict":"refused","reason":"no","retryAfterSeconds":3}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := command.Parse(text); err == nil {
			var out bytes.Buffer
			again, errAgain := credentials.Credentials{}, command.Print(&out, c)
			if errAgain == nil {
				again, errAgain = command.Parse(out.Bytes())
			}
			c.Expiration = c.Expiration.UTC().Truncate(time.Second)
			if errAgain != nil || again.SessionToken != c.SessionToken || !again.Expiration.Equal(c.Expiration) {
				t.Errorf("%+v is read as %+v, %v", c, again, errAgain)
			}
		}
		if failure, ok := errors.AsType[*credentials.Failure](command.ParseFailure(text)); ok && (failure.RetryAfter < 0 || strings.Contains(failure.Reason, "\n")) {
			t.Errorf("%+v", failure)
		}
	})
}
