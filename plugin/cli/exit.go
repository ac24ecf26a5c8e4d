// Package cli has what the commands of the plugin share.
package cli

import "errors"

// Exit codes, as those of kubectl diff.
const (
	exitWell = iota
	exitWrong
	exitCouldNotLook
)

// WrongError is that a command has looked, and found something wrong. The command has printed what; nothing more is to be said.
type WrongError struct{}

func (WrongError) Error() string { return "something is wrong" }

// ExitCode is that of a command that returned this error.
func ExitCode(err error) int {
	if err == nil {
		return exitWell
	}
	if _, wrong := errors.AsType[WrongError](err); wrong {
		return exitWrong
	}
	return exitCouldNotLook
}
