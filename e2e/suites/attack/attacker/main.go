// Command attacker is what an attacker's pod runs: whoever asks it to attack gets what came of that in the end.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

func main() {
	all := attacks()
	http.HandleFunc("POST /attack", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		attack, known := all[query.Get("what")]
		length, err := time.ParseDuration(query.Get("for"))
		if !known || err != nil {
			http.Error(w, fmt.Sprintf("there is no attack %q for %q", query.Get("what"), query.Get("for")), http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), length)
		defer cancel()
		came := &outcome{counts: map[string]int{}}
		attack.run(ctx, query["at"], came)
		_ = json.NewEncoder(w).Encode(came.counts) // whoever asks tells
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(":8001", nil)) //nolint:gosec // for the suite alone
	os.Exit(1)
}

// attack is run against all targets at once until ctx ends.
type attack interface {
	run(ctx context.Context, targets []string, came *outcome)
}

// outcome counts what came of an attack.
type outcome struct {
	mu     sync.Mutex
	counts map[string]int
}

func (o *outcome) note(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[what]++
}

// again calls f in n goroutines for each target, until ctx ends.
func again(ctx context.Context, targets []string, n int, f func(target string, i int)) {
	var all sync.WaitGroup
	for _, target := range targets {
		for i := range n {
			all.Go(func() {
				for ctx.Err() == nil {
					f(target, i)
				}
			})
		}
	}
	all.Wait()
}
