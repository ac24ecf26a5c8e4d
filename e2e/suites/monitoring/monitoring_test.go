// Package monitoring_test proves that a Prometheus that scrapes the product by its monitors sees each fault: that the alert fires that should,
// and no other, and that every expression of rules and dashboard gives series.
package monitoring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	// long is the environment variable that chooses all faults.
	long = "MONITORING"
	// figures is the environment variable that names a file for what the dashboard shows of a run.
	figures = "MONITORING_FIGURES"
	// webhook selects all replicas, of both Deployments.
	webhook = "--selector=app.kubernetes.io/name=pod-identity-webhook"
)

// suite is a platform with a Prometheus.
type suite struct {
	*platform.Platform
	prometheus

	kube kubernetes.Interface
	sts  platform.STS
	// silent are the expressions that have given no series yet.
	silent []string
	begin  time.Time
	// fed ends what starve has begun.
	fed func()
}

func TestOnARealCluster(t *testing.T) {
	s := newSuite(t)
	all := faults()
	rows := []string{"| what happens | alerts that fire | after |", "|---|---|---:|"}
	for _, group := range all {
		kept := slices.DeleteFunc(group, func(f *fault) bool { return !f.short && os.Getenv(long) == "" })
		if len(kept) == 0 {
			continue
		}
		if !t.Run(titles(kept), func(t *testing.T) { rows = append(rows, s.happen(t, kept)...) }) {
			break // what is left of it would be taken for the next
		}
	}
	t.Logf("\n%s", strings.Join(rows, "\n"))
	for _, expression := range s.silent {
		if os.Getenv(long) != "" || slices.Contains(expressions(t), expression) {
			t.Errorf("the expression gives no series: %s", expression)
		}
	}
	s.draw(t)
}

func titles(faults []*fault) string {
	var all []string
	for _, f := range faults {
		all = append(all, f.name)
	}
	return strings.Join(all, "; ")
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{Platform: platform.ForTest(t, "monitoring")}
	s.sts = s.StartSTS(t, 0)
	if _, err := s.UseAuthService(t.Context(), "e2e/suites/monitoring/testdata"); err != nil {
		t.Fatal(err)
	}
	s.Do(t, "apply", "--filename="+component+"/service.yaml")
	config, err := s.Cluster.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	if s.kube, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	s.silent = expressions(t)
	for _, rule := range shortened(rules(t)).Groups[0].Rules {
		// It takes a sidecar of an older release.
		if rule.Alert != "PodIdentityPodsOutdated" {
			s.silent = append(s.silent, rule.Expr)
		}
	}
	s.begin = time.Now()
	s.prometheus = startPrometheus(t, s.Platform, s.kube)
	// A pod that is scraped itself, and an association that is not ready and harms nobody.
	steady := s.Namespace(t, "steady", "enabled", "app")
	s.associate(t, steady, steady, s.RoleARN, "")
	s.runScraped(t, steady)
	s.associate(t, steady+"-again", steady, s.RoleARN, "")
	s.quiet(t)
	t.Logf("before any fault there are no series of %q", s.silent)
	return s
}

// quiet waits until no alert fires, and everything is scraped.
func (s *suite) quiet(t *testing.T) {
	t.Helper()
	s.await(t, "no alert fires, and two replicas of the webhook and one sidecar are scraped", func(context.Context) (bool, error) {
		s.evaluate(t)
		return len(s.firing(t)) == 0 && len(s.query(t, `podidentity_build_info{app_kubernetes_io_name="pod-identity-webhook"}`)) == 2 &&
			len(s.query(t, "podidentity_refreshes_total")) > 0, nil
	})
}

// evaluate takes the expressions that give series out of the silent ones.
func (s *suite) evaluate(t *testing.T) {
	t.Helper()
	s.silent = slices.DeleteFunc(s.silent, func(expression string) bool { return len(s.query(t, expression)) > 0 })
}

// await waits for something that takes four minutes at most.
func (s *suite) await(t *testing.T, what string, holds wait.ConditionWithContextFunc) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 500*time.Millisecond, 4*time.Minute, true, holds); err != nil {
		t.Fatalf("timed out waiting until %s; firing are %v", what, s.firing(t))
	}
}

// draw writes what each expression of the dashboard has given since the begin, for picture.py.
func (s *suite) draw(t *testing.T) {
	t.Helper()
	file := os.Getenv(figures)
	if file == "" {
		return
	}
	all := map[string][]series{}
	for _, expression := range expressions(t) {
		// The rates of the dashboard are those of minutes, and a run has few.
		all[expression] = s.between(t, strings.ReplaceAll(expression, "[5m]", "[20s]"))
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Log(fmt.Sprint("written to ", file))
}
