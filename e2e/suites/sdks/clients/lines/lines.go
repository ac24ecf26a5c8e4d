// Package lines is what the clients in Go have in common: for each line that they read they write one.
package lines

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// Serve answers each line on standard input, until it ends: "version" with the version of the Go module sdk, "list" with the
// keys that list finds, after "ok", or with what went wrong, after "error".
func Serve(sdk string, list func(ctx context.Context) (keys []string, err error)) {
	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		if questions.Text() == "version" {
			fmt.Println("ok", version(sdk))
			continue
		}
		keys, err := list(context.Background())
		if err != nil {
			fmt.Println("error", strings.Join(strings.Fields(err.Error()), " "))
			continue
		}
		fmt.Println("ok", strings.Join(keys, " "))
	}
}

func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	return "unknown"
}
