// Package sdks_test proves that every AWS SDK works with the sidecar: the real ones, with their default chains, on what is injected
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
	"github.com/podidentity/podidentity/e2e/machine/install"
	"github.com/podidentity/podidentity/e2e/platform"
	"github.com/podidentity/podidentity/e2e/platform/minio"
)

func TestEverySDKWorksWithTheSidecar(t *testing.T) {
	p := platform.ForTest(t, "sdks")
	if err := host.PrepareSDKs(t.Context(), t.Logf); err != nil {
		t.Fatal(err)
	}
	b := newFixture(t, p)
	if *slow {
		rows := installed(t, slowClients())
		runAll(t.Context(), b, rows)
		report(t, rows)
		writeSlow(t, rows)
		return
	}
	rows := installed(t, clients(b.work))
	s := suite{p}
	s.start(t, rows)
	runAll(t.Context(), b, rows)
	s.run(t.Context(), rows)
	report(t, rows)
	t.Run("an SDK that is too old to read the token file is told so", func(t *testing.T) {
		old := rows[slices.IndexFunc(rows, func(r row) bool { return r.client.environment })].client
		old.environment = false
		if _, err := withSidecar(0, answering, tooOld)(t.Context(), b, old); err != nil {
			t.Error(err)
		}
	})
	expectProfiles(t, b, rows)
	writeOrCompare(t, table(rows))
}

// installed are the clients, each of which has said its version.
func installed(t *testing.T, clients []client) []row {
	t.Helper()
	var rows []row
	for _, c := range clients {
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
	return rows
}

// report fails a test for each cell that does not hold.
func report(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		for _, title := range titles() {
			t.Run(r.client.name+" "+title, func(t *testing.T) {
				if err := r.errors[title]; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func newFixture(t *testing.T, p *platform.Platform) *fixture {
	t.Helper()
	work := t.TempDir()
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(work, "sidecar")
	if err := install.Execute(t.Context(), root, "go", "build", "-buildvcs=false", "-o", program, "./sidecar"); err != nil {
		t.Fatal(err)
	}
	return &fixture{
		minio: upstream{
			endpoint:  mustParse(p.MinIO.Endpoint),
			transport: &http.Transport{DialContext: p.Cluster.Dial, DisableCompression: true},
			roleARN:   p.MinIO.RoleARN,
		},
		program: program,
		token:   strings.TrimSpace(p.Do(t, "create", "token", "default", "--namespace=default", "--audience="+minio.Audience, "--duration=2h")),
		bucket:  p.Bucket,
		work:    work,
	}
}

// runAll runs every scenario with every client: the clients side by side, since most of the time they wait.
func runAll(ctx context.Context, b *fixture, rows []row) {
	var all sync.WaitGroup
	for _, r := range rows {
		all.Go(func() {
			for _, s := range scenarios() {
				if !s.suits(r.client) {
					continue
				}
				remark, err := s.run(ctx, b, r.client)
				r.record(s.title, remark, err)
			}
		})
	}
	all.Wait()
}
