package admission_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

// typicalReview is the review of a pod of about 5 KB, as an API server sends it.
func typicalReview(t testing.TB) string {
	t.Helper()
	var env strings.Builder
	for i := range 34 {
		fmt.Fprintf(&env, `{"name":"SETTING_%02d","value":"a value of a usual length, no more"},`, i)
	}
	probe := `{"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}`
	access := `{"name":"kube-api-access-x7k2p","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}`
	container := func(name string) string {
		return `{"name":"` + name + `","image":"registry.example.com/team/` + name + `:v1.2.3","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],` +
			`"env":[` + env.String() + `{"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],` +
			`"resources":{"limits":{"cpu":"1","memory":"512Mi"},"requests":{"cpu":"100m","memory":"256Mi"}},"volumeMounts":[{"name":"config","mountPath":"/etc/app"},` + access + `],` +
			`"livenessProbe":` + probe + `,"readinessProbe":` + probe + `,"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent",` +
			`"securityContext":{"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false}}`
	}
	pod := `{"kind":"Pod","apiVersion":"v1","metadata":{"generateName":"web-6d5f8c7b9-","namespace":"eks-s3-example","creationTimestamp":null,` +
		`"labels":{"app.kubernetes.io/name":"web","app.kubernetes.io/instance":"web","pod-template-hash":"6d5f8c7b9"},"annotations":{"prometheus.io/scrape":"true"},` +
		`"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6d5f8c7b9","uid":"7c7a1d1e-0000-4000-8000-000000000001","controller":true,"blockOwnerDeletion":true}]},` +
		`"spec":{"volumes":[{"name":"config","configMap":{"name":"web","defaultMode":420}},{"name":"kube-api-access-x7k2p","projected":{"sources":[` +
		`{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}],"defaultMode":420}}],` +
		`"initContainers":[{"name":"migrate","image":"registry.example.com/team/web:v1.2.3","resources":{},"volumeMounts":[` + access + `]}],` +
		`"containers":[` + container("web") + `,{"name":"log","image":"registry.example.com/team/log:v1.2.3","resources":{}}],` +
		`"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"reader","serviceAccount":"reader",` +
		`"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},"schedulerName":"default-scheduler",` +
		`"tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},` +
		`{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},"status":{}}`
	if len(pod) < 4800 || len(pod) > 5300 {
		t.Fatalf("the pod has %d bytes, not 5 KB", len(pod))
	}
	return reviewOf(pod)
}

// newReviewer returns a function that has the typical review answered once, with the log format of main.
func newReviewer(t testing.TB) func() {
	log := logrus.New()
	log.SetFormatter(&logrus.JSONFormatter{})
	log.SetOutput(io.Discard)
	to, body := handler(t, log), typicalReview(t)
	if answer := post(t, to, "application/json", strings.NewReader(body)); len(answer.Response.Patch) == 0 {
		t.Fatal("nothing is injected")
	}
	url, header := &url.URL{Path: "/pods/enabled"}, http.Header{"Content-Type": {"application/json"}}
	return func() {
		// Made by hand, since httptest.NewRequest allocates memory of its own.
		request := &http.Request{
			Method: http.MethodPost, URL: url, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
		to.ServeHTTP(discard{header: http.Header{}}, request)
	}
}

// discard is a ResponseWriter that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// BenchmarkReview is one review of a pod of 5 KB: HTTP handler, decoding, decision, patch, log line and answer, without TLS.
func BenchmarkReview(b *testing.B) {
	review := newReviewer(b)
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		review()
	}
	// Unlike wall time, CPU time includes the garbage collector and excludes other processes.
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
