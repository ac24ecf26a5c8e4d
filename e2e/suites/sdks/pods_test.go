package sdks_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// The columns of clients that run in pods of a real cluster: injected by the webhook, with MinIO as STS and S3 and nothing between.
const (
	inPodLate    = "in a pod, its association comes late"
	inPodRefused = "in a pod, its role is refused"
)

// suite is the cluster on which the pods run.
type suite struct {
	*platform.Platform
}

// start starts two pods of each client that has an image: one without an association, and one with a role that STS refuses.
func (s suite) start(t *testing.T, rows []row) {
	t.Helper()
	archive, err := buildImage(t.Context(), rows, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Cluster.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
	s.Do(t, "apply", "-f", "testdata/namespace.yaml")
	for _, r := range rows {
		if r.client.image == "" {
			continue
		}
		if err := s.associate(t.Context(), "refused-"+r.client.image, s.RefusedRoleARN); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"refused-", "late-"} {
			err := s.apply(t.Context(), "pod.yaml", map[string]string{
				"Name": name + r.client.image, "Image": clientImage, "Command": strings.Join(r.client.inImage(), ", "),
				"S3": s.MinIO.Endpoint, "Bucket": s.Bucket,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// run talks to the pods.
func (s suite) run(ctx context.Context, rows []row) {
	ctx, cancel := context.WithTimeoutCause(ctx, scenarioTimeout, fmt.Errorf("not done within %s", scenarioTimeout))
	defer cancel()
	var all sync.WaitGroup
	for _, r := range rows {
		if r.client.image == "" {
			continue
		}
		all.Go(func() {
			remark, err := s.late(ctx, "late-"+r.client.image)
			r.record(inPodLate, remark, err)
			remark, err = s.refused(ctx, "refused-"+r.client.image)
			r.record(inPodRefused, remark, err)
		})
	}
	all.Wait()
}

// late lets a client fail for want of an association, and then gives it one: it must find its credentials without a restart.
func (s suite) late(ctx context.Context, name string) (string, error) {
	d, err := s.attach(ctx, name)
	if err != nil {
		return "", err
	}
	defer d.end()
	if _, err := remarkOn(d.list(), "PodIdentityAssociation"); err != nil {
		return "", err
	}
	if err := s.associate(ctx, name, s.MinIO.RoleARN); err != nil {
		return "", err
	}
	return "", d.untilListed(ctx)
}

func (s suite) refused(ctx context.Context, name string) (string, error) {
	d, err := s.attach(ctx, name)
	if err != nil {
		return "", err
	}
	defer d.end()
	return remarkOn(d.list(), s.RefusedRoleARN)
}

// attach talks to the client that is the main process of a pod.
func (s suite) attach(ctx context.Context, name string) (*dialogue, error) {
	_, err := s.Cluster.Kubectl(ctx, nil, "wait", "--namespace=sdks", "pod/"+name, "--timeout=2m",
		`--for=jsonpath={.status.containerStatuses[?(@.name=="client")].state.running.startedAt}`)
	if err != nil {
		return nil, err
	}
	return talk(ctx, exec.CommandContext(ctx, s.Cluster.KubectlPath(), "attach", "--namespace=sdks", name, "--container=client", "--stdin", "--quiet"))
}

func (s suite) associate(ctx context.Context, name, roleARN string) error {
	return s.apply(ctx, "association.yaml", map[string]string{"Name": name, "RoleARN": roleARN})
}

// apply applies a template of testdata.
func (s suite) apply(ctx context.Context, file string, values any) error {
	text, err := platform.Render(file, values)
	if err != nil {
		return err
	}
	_, err = s.Cluster.Kubectl(ctx, strings.NewReader(text), "apply", "-f", "-")
	return err
}
