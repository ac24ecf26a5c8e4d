package sdks_test

import (
	"context"
	"path/filepath"

	"github.com/podidentity/podidentity/e2e/machine/install"
)

// pythonLibrary is a client of its own in Python, whose package has the SDK of another language in it.
func pythonLibrary(name string) func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, name, "python/lines.py", name+"/main.py", name+"/requirements.txt")
		return []string{python, filepath.Join(dir, "main.py")}, err
	}
}

// rclone is a package of Debian, and Python asks it.
func rclone() func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, "rclone", "python/lines.py", "rclone/main.py")
		return []string{python, filepath.Join(dir, "main.py")}, err
	}
}

// rubyClient has its SDK from Debian.
func rubyClient() func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, "ruby", "ruby/main.rb")
		return []string{"ruby", filepath.Join(dir, "main.rb")}, err
	}
}

// rustClient needs a newer compiler than Debian 12 has.
func rustClient() func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, "rust", "rust/Cargo.toml", "rust/Cargo.lock", "rust/src/main.rs")
		return []string{filepath.Join(dir, "target", "debug", "rust")}, err
	}
}
