package minio_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/images"
	"github.com/podidentity/podidentity/e2e/platform/minio"
)

func TestAPodListsTheBucketWithItsTokenAndCannotWriteToIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("a cluster needs root: run the tests with sudo")
	}
	set, err := binaries.Build(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	image, tag, err := images.AWSCLI(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Start(t.Context(), cluster.Config{Name: "minio-test", Binaries: set, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	server, err := minio.Start(t.Context(), c, set.MinIO, minio.Bucket{
		Name: "pictures", Objects: map[string][]byte{"aws.png": []byte("a picture")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.LoadImage(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	pods, err := os.ReadFile("testdata/pods.yaml")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("$(IMAGE)", tag, "$(ENDPOINT)", server.Endpoint, "$(ROLE)", server.RoleARN).Replace(string(pods))
	if _, err := c.Kubectl(t.Context(), strings.NewReader(filled), "apply", "--filename=-"); err != nil {
		t.Fatal(err)
	}

	assertLog(t, c, "reads", "aws", "aws.png")
	assertLog(t, c, "reads", "write", "AccessDenied")
	assertLog(t, c, "wrong-audience", "aws", "InvalidParameterValue")
}

// assertLog waits for a container's end and checks what it said.
func assertLog(t *testing.T, c *cluster.Cluster, pod, container, want string) {
	t.Helper()
	_, err := c.Kubectl(t.Context(), nil, "wait", "pod/"+pod, "--timeout=3m",
		`--for=jsonpath={.status.containerStatuses[?(@.name=="`+container+`")].state.terminated.reason}`)
	if err != nil {
		t.Fatalf("%v\n%s", err, c.LogTail("kubelet"))
	}
	log, err := c.Kubectl(t.Context(), nil, "logs", pod, "--container="+container)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log, want) {
		t.Errorf("%s of pod %s says:\n%s\nwant %q", container, pod, log, want)
	}
}
