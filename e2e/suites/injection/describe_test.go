package injection_test

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
)

var update = flag.Bool("update", false, "rewrite what kubectl describe is expected to show; review the diff before you commit it")

// defaultWait is that of the webhook's --wait.
const defaultWait = "30s"

// described is a pod in one state, in a namespace of its own.
type described struct {
	suite

	sts             platform.STS
	namespace, role string
	// endpoint is the pod's STS, if it is not that of the installation.
	endpoint string
	// wait is that of the pod. One that waits is asked for the reason itself, since the kubelet has nothing to show.
	wait    string
	created time.Time
}

// describe compares what `kubectl describe pod` shows of pods in every state with testdata/describe.
func describe(t *testing.T, s suite) {
	sts, nobody := s.StartSTS(t, 0), "http://"+net.JoinHostPort(s.Cluster.Address(), "9101")
	for name, test := range map[string]struct {
		role, endpoint, wait string
		// change comes once the pod is ready; says is what it then shows at last.
		change func(*described, *testing.T)
		says   string
	}{
		"refused":               {role: s.RefusedRoleARN, says: "Liveness probe warning"},
		"sts-away-at-the-start": {role: s.MinIO.RoleARN, endpoint: nobody, says: "Liveness probe warning"},
		"sts-away-while-it-waits": {
			role: s.MinIO.RoleARN, endpoint: nobody, wait: "10m", says: "cannot be reached",
		},
		"sts-away-afterwards": {role: s.MinIO.RoleARN, endpoint: sts.URL(), change: (*described).silence, says: "Liveness probe warning"},
		"unassociated":        {says: "Running"},
		"refused-afterwards":  {role: s.MinIO.RoleARN, change: (*described).misname, says: "Liveness probe warning"},
		"available":           {role: s.MinIO.RoleARN, says: "Running"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &described{suite: s, sts: sts, namespace: "describe-" + name, role: test.role, endpoint: test.endpoint, wait: test.wait}
			d.start(t)
			if test.change != nil {
				s.Do(t, "wait", "--namespace="+d.namespace, "--for=condition=Ready", "pod/app", "--timeout=2m")
				test.change(d, t)
			}
			d.compare(t, filepath.Join("testdata", "describe", name+".txt"), test.says)
		})
	}
}

func (d *described) start(t *testing.T) {
	t.Helper()
	d.namespaces(t, d.namespace)
	d.Do(t, "label", "namespace", d.namespace, "podidentity.dev/inject=enabled")
	if d.role != "" {
		d.associate(t, "roleARN: "+d.role)
	}
	text := d.DoWith(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: app, annotations: {podidentity.dev/wait: "+cmp.Or(d.wait, defaultWait)+"}}\n"+
		"spec: {serviceAccountName: reader, terminationGracePeriodSeconds: 1, "+
		"containers: [{name: app, image: "+cluster.PauseImage+", imagePullPolicy: Never}]}",
		"create", "--dry-run=server", "--namespace="+d.namespace, "--output=json", "--filename=-")
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(text), &pod); err != nil {
		t.Fatal(err)
	}
	pod.ObjectMeta = metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace, Labels: pod.Labels, Annotations: pod.Annotations}
	pod.Status = corev1.PodStatus{}
	for i, variable := range pod.Spec.InitContainers[0].Env {
		if variable.Name == "AWS_ENDPOINT_URL_STS" && d.endpoint != "" {
			pod.Spec.InitContainers[0].Env[i].Value = d.endpoint
		}
	}
	created, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	d.created = time.Now()
	d.DoWith(t, string(created), "create", "--filename=-")
}

func (d *described) associate(t *testing.T, spec string) {
	t.Helper()
	d.DoWith(t, "apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: "+d.namespace+"}\nspec: {namespace: "+d.namespace+
		", serviceAccount: reader, "+spec+"}", "apply", "-f", "-")
}

// silence has STS not answer, and the sidecar ask for other credentials.
func (d *described) silence(t *testing.T) {
	t.Helper()
	d.sts.SetFor(t, d.namespace, platform.Silent)
	d.associate(t, "sessionDuration: 30m, roleARN: "+d.role)
}

func (d *described) misname(t *testing.T) {
	t.Helper()
	d.associate(t, "roleARN: "+d.RefusedRoleARN)
}

// asked is what the sidecar of a pod that waits says.
func (d *described) asked(ctx context.Context) string {
	if d.wait == "" {
		return ""
	}
	said, _ := d.Kubectl(ctx, nil, "exec", "--namespace="+d.namespace, "app", "--container=pod-identity", "--", "/sidecar", "probe") // it fails, as the pod is not ready
	return "kubectl exec app --container=pod-identity -- /sidecar probe\n" + said
}

// anonymous names the node in place of its address, which is not that of every family.
func (d *described) anonymous(text string) string {
	return strings.ReplaceAll(text, net.JoinHostPort(d.Cluster.Address(), ""), "NODE:")
}

// compare waits until the description is the expected one, or with -update until it says that.
func (d *described) compare(t *testing.T, file, says string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	var seen string
	err = wait.PollUntilContextTimeout(t.Context(), time.Second, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		before := seen
		seen = d.anonymous(summary(d.Do(t, "describe", "pod", "--namespace="+d.namespace, "app")) + d.asked(ctx))
		if *update {
			return strings.Contains(seen, says) && seen == before, nil
		}
		return seen == string(want), nil
	})
	t.Logf("%s after its creation:\n%s", time.Since(d.created).Round(time.Second), seen)
	if err != nil {
		t.Errorf("kubectl describe shows not what %s has", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(seen), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
