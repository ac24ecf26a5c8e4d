//go:build !linux

package main

// hardenProcess does nothing where pods do not run.
func hardenProcess() error { return nil }
