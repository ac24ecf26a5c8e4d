package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// ExitFailure is the exit code of a command that prints a failure. Go itself ends a process with 1 and 2.
const ExitFailure = 3

// version is the only one of the format (AWS SDKs and Tools Reference Guide, Process credential provider).
const version = 1

// document is what a command prints: the credential_process format of the AWS SDKs, with the account as they read it.
type document struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
	AccountID       string `json:"AccountId,omitempty"`
}

// failure is what a command prints in place of credentials.
type failure struct {
	Verdict    string `json:"verdict"`
	Reason     string `json:"reason"`
	RetryAfter int64  `json:"retryAfterSeconds,omitempty"`
}

// verdicts are the names of the verdicts, in their order.
func verdicts() []string { return []string{"transient", "throttled", "provisional", "refused"} }

// Print prints credentials.
func Print(out io.Writer, c credentials.Credentials) error {
	return write(out, document{version, c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Expiration.UTC().Truncate(time.Second), c.AccountID})
}

// PrintFailure prints why there are none. The exit code of its command is ExitFailure.
func PrintFailure(out io.Writer, err error) error {
	f, ok := errors.AsType[*credentials.Failure](err)
	if !ok {
		f = &credentials.Failure{Reason: err.Error()}
	}
	return write(out, failure{verdicts()[f.Verdict], strings.Map(printable, f.Reason), int64(f.RetryAfter / time.Second)})
}

// printable replaces what would break the line of a Reason.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

func write(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("print the outcome of the exchange: %w", err)
	}
	return nil
}

// parse reads credentials. No error repeats what was printed, since it may be a secret.
func parse(printed []byte) (credentials.Credentials, error) {
	var d document
	if err := decode(printed, &d); err != nil || d.Version != version {
		return credentials.Credentials{}, errors.New("the exchange ended well and printed no credentials: report this as a bug")
	}
	return credentials.Credentials{
		AccessKeyID: d.AccessKeyID, SecretAccessKey: d.SecretAccessKey, SessionToken: d.SessionToken, Expiration: d.Expiration, AccountID: d.AccountID,
	}, nil
}

// parseFailure reads why there are no credentials.
func parseFailure(printed []byte) error {
	var f failure
	err := decode(printed, &f)
	if err != nil || f.Reason == "" || len(f.Reason) > maxReason || strings.Map(printable, f.Reason) != f.Reason || f.RetryAfter < 0 || f.RetryAfter > maxRetryAfter {
		return errors.New("the exchange failed and printed no reason: report this as a bug")
	}
	for verdict, name := range verdicts() {
		if name == f.Verdict {
			return &credentials.Failure{
				Verdict: credentials.Verdict(verdict), Reason: f.Reason, RetryAfter: time.Duration(f.RetryAfter) * time.Second,
			}
		}
	}
	return errors.New("the exchange failed and printed a verdict that this version does not know: report this as a bug")
}

const (
	// maxReason, in bytes, is several times the longest message that the sources repeat, with what they add to it.
	maxReason = 4096
	// maxRetryAfter is the largest number of seconds that upstream.RetryAfter reads.
	maxRetryAfter = 1<<16 - 1
)

func decode(printed []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(printed))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}
