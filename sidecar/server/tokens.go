package server

import (
	"crypto/subtle"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/podidentity/podidentity/contract"
)

// Tokens are the authorization tokens of a pod: one for the pod, and one for each container that can be told apart. Its methods may be
// called from any goroutine.
type Tokens struct {
	file, given string
	// names are those of the containers, after an empty one for the pod.
	names   []string
	current atomic.Pointer[[]want] // by the index in names

	mu   sync.Mutex
	kept bool
}

// want is a token, ready to be compared.
type want struct {
	length int32
	text   [maxToken]byte
}

// EnsureTokens writes the token of the pod to file, and that of each container to its folder beside it, by the rules of EnsureToken. If
// one is given, those of the containers are made of it.
func EnsureTokens(file, given string, containers []string) (*Tokens, error) {
	t := &Tokens{file: file, given: given, names: append([]string{""}, containers...)}
	err := t.set(func(path, given string) (Token, error) {
		token, kept, err := EnsureToken(path, given)
		t.kept = t.kept || kept
		return token, err
	})
	return t, err
}

// Kept reports whether an earlier process wrote some of them.
func (t *Tokens) Kept() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept
}

// Rotate replaces the tokens if an earlier process wrote any of them. While it was away, a container may have listened in its place and
// been sent those of others. So call it once the address is bound and before what it protects is served. A token that is given stays: it is in
// the environment of the pod, which nobody can change.
func (t *Tokens) Rotate() (rotated bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.kept || t.given != "" {
		return false, nil
	}
	if err := t.set(writeToken); err != nil {
		return false, err
	}
	t.kept = false
	return true, nil
}

// set makes all tokens by ensure, which gets the path of each, and the token itself if one is given.
func (t *Tokens) set(ensure func(path, given string) (Token, error)) error {
	all := make([]want, len(t.names))
	for i, name := range t.names {
		path, given := t.file, t.given
		if name != "" {
			path = filepath.Join(filepath.Dir(t.file), contract.AuthorizationFolder(name), contract.AuthorizationFile)
		}
		if name != "" && given != "" {
			given = contract.ContainerToken(given, name)
		}
		token, err := ensure(path, given)
		if err == nil && index(all[:i], string(token)) >= 0 {
			// Who can write there would get what another container gets, and only if it knows that one's token.
			token, err = writeToken(path, given)
		}
		if err != nil && name != "" {
			return fmt.Errorf("container %s: %w", name, err)
		}
		if err != nil {
			return err
		}
		all[i] = newWant(token)
	}
	t.current.Store(&all)
	return nil
}

func newWant(token Token) want {
	w := want{length: int32(len(token))}
	copy(w.text[:], token)
	return w
}

// find returns the index of the name whose token is in an Authorization header, or -1. Clients send the bare token, and some put Bearer
// before it (README, rule 8).
func (t *Tokens) find(header string) int {
	header = strings.Trim(header, " \t")
	header = strings.Trim(strings.TrimPrefix(header, "Bearer "), " \t")
	return index(*t.current.Load(), header)
}

// index compares a token with all in constant time, and returns the index of the one that it is, or -1.
func index(all []want, token string) int {
	// The lengths are not secret. Buffers of a fixed size are not allocated on the heap.
	if len(token) > maxToken {
		return -1
	}
	var got [maxToken]byte
	copy(got[:], token)
	found := -1
	for i := range all {
		same := subtle.ConstantTimeCompare(got[:], all[i].text[:]) & subtle.ConstantTimeEq(int32(len(token)), all[i].length)
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	return found
}
