//go:build !linux

package server

func setOptions(int) error { return nil }
