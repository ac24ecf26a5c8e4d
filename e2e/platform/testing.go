package platform

import (
	"context"
	"strings"
	"testing"
)

// ForTest starts a platform for one test and removes it with it. A failed test says what there is to see of the platform.
func ForTest(t *testing.T, name string) *Platform {
	t.Helper()
	return ForTestOf(t, name, Demo())
}

// ForTestOf is ForTest with the product installed in another way than the demo's.
func ForTestOf(t *testing.T, name string, product Product) *Platform {
	t.Helper()
	p, err := StartOf(t.Context(), name, product, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if t.Failed() {
			t.Log(p.Diagnose(ctx))
		}
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Do runs kubectl and returns what it printed; an error ends the test.
func (p *Platform) Do(t *testing.T, args ...string) string {
	t.Helper()
	return p.DoWith(t, "", args...)
}

// DoWith is Do with text as kubectl's standard input.
func (p *Platform) DoWith(t *testing.T, text string, args ...string) string {
	t.Helper()
	out, err := p.Cluster.Kubectl(t.Context(), strings.NewReader(text), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
