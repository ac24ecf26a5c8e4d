// Package sdks_test holds what the AWS SDKs make of the sidecar: the real ones, with their default chains, on what is injected
// and nothing else. Its outcome is the table in README.md.
package sdks_test

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/podidentity/podidentity/e2e/machine/host"
	"github.com/podidentity/podidentity/e2e/platform"
	"github.com/podidentity/podidentity/e2e/platform/minio"
)

func TestEverySDKWorksWithTheSidecar(t *testing.T) {
	p := platform.ForTest(t, "sdks")
	if err := host.PrepareSDKs(t.Context(), t.Logf); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, p)
	var rows []row
	for _, c := range clients(b.work) {
		command, err := c.install(t.Context(), t.Logf)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		c.command = command
		version, err := c.version(t.Context())
		if err != nil {
			t.Fatalf("ask %s for its version: %v", c.name, err)
		}
		rows = append(rows, row{client: c, version: version, cells: map[string]string{}, errors: map[string]error{}})
	}
	s := stage{p}
	s.start(t, rows)
	playAll(t.Context(), b, rows)
	s.play(t.Context(), rows)
	for _, r := range rows {
		for _, title := range titles() {
			t.Run(r.client.name+" "+title, func(t *testing.T) {
				if err := r.errors[title]; err != nil {
					t.Error(err)
				}
			})
		}
	}
	t.Run("an SDK that is too old to read the token file is told so", func(t *testing.T) {
		old := rows[slices.IndexFunc(rows, func(r row) bool { return r.client.environment })].client
		old.environment = false
		if _, err := beside(0, good, tooOld)(t.Context(), b, old); err != nil {
			t.Error(err)
		}
	})
	writeOrCompare(t, table(rows))
}

func newBench(t *testing.T, p *platform.Platform) *bench {
	t.Helper()
	work := t.TempDir()
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(work, "sidecar")
	if err := execute(t.Context(), root, "go", "build", "-buildvcs=false", "-o", program, "./sidecar"); err != nil {
		t.Fatal(err)
	}
	return &bench{
		minio: upstream{
			endpoint:  mustParse(p.MinIO.Endpoint),
			transport: &http.Transport{DialContext: p.Cluster.Dial, DisableCompression: true},
			roleARN:   p.MinIO.RoleARN,
		},
		program: program,
		token:   strings.TrimSpace(p.Do(t, "create", "token", "default", "--namespace=default", "--audience="+minio.Audience, "--duration=2h")),
		bucket:  p.Stage().Bucket,
		work:    work,
	}
}

// playAll plays every scenario with every client: the clients side by side, since most of the time they wait.
func playAll(ctx context.Context, b *bench, rows []row) {
	var all sync.WaitGroup
	for _, r := range rows {
		all.Go(func() {
			for _, s := range scenarios() {
				remark, err := s.play(ctx, b, r.client)
				r.note(s.title, remark, err)
			}
		})
	}
	all.Wait()
}
