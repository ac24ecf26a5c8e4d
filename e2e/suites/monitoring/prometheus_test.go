package monitoring_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/e2e/machine/host"
	"github.com/podidentity/podidentity/e2e/platform"
)

// prometheus runs beside the components of the cluster.
type prometheus struct {
	client *http.Client
	// address is where it listens, in the network of the cluster.
	address string
}

// startPrometheus has one scrape by the monitors, and the API server, as every installation with the operator does.
func startPrometheus(t *testing.T, p *platform.Platform, kube kubernetes.Interface) prometheus {
	t.Helper()
	programs, err := host.Prometheus(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	dir := p.Cluster.Dir("prometheus")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	found := discovery{kube, map[string]string{"pod": filepath.Join(dir, "pods.json"), "endpointslice": filepath.Join(dir, "endpoints.json")}}
	found.start(t)
	certificates := filepath.Dir(p.Cluster.CA())
	scrapes := []object{{
		"job_name": "apiserver", "scheme": "https", "static_configs": []object{{"targets": []string{net.JoinHostPort(p.Cluster.Address(), "6443")}}},
		"tls_config": object{
			"ca_file": p.Cluster.CA(), "cert_file": filepath.Join(certificates, "kube-apiserver-kubelet-client.crt"), "key_file": filepath.Join(certificates, "kube-apiserver-kubelet-client.key"),
		},
	}}
	for _, file := range []string{"servicemonitor.yaml", "podmonitor.yaml"} {
		var m monitor
		read(t, file, &m)
		scrapes = append(scrapes, scrapeConfig(m, found.files))
	}
	write(t, filepath.Join(dir, "rules.yaml"), shortened(rules(t)))
	write(t, filepath.Join(dir, "prometheus.yaml"), object{
		"global":     object{"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
		"rule_files": []string{"rules.yaml"}, "scrape_configs": scrapes,
	})
	config := filepath.Join(dir, "prometheus.yaml")
	if out, err := exec.CommandContext(t.Context(), filepath.Join(programs, "promtool"), "check", "config", config).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	address := net.JoinHostPort(p.Cluster.Address(), "9090")
	_, err = p.Cluster.Run("prometheus", nil, filepath.Join(programs, "prometheus"),
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	if err != nil {
		t.Fatal(err)
	}
	return prometheus{&http.Client{Transport: &http.Transport{DialContext: p.Cluster.Dial}}, address}
}

// series is one of the answer to a query.
type series struct {
	Metric map[string]string `json:"metric"`
	// Values are those of a range, times first.
	Values [][2]any `json:"values"`
}

// query is what an expression gives now. While Prometheus starts that is nothing.
func (p prometheus) query(t *testing.T, expression string) []series {
	t.Helper()
	return p.ask(t, "query", url.Values{"query": {expression}})
}

func (p prometheus) ask(t *testing.T, path string, form url.Values) []series {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address+"/api/v1/"+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := p.client.Do(request)
	if _, starts := errors.AsType[*net.OpError](err); starts {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // only read from
	var answer struct {
		Status, Error string
		Data          struct {
			Result []series `json:"result"`
		}
	}
	if response.StatusCode == http.StatusServiceUnavailable {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s: %s %v", form.Get("query"), answer.Error, err)
	}
	return answer.Data.Result
}

// firing are the alerts that fire, by the namespace or association that they name, or "".
func (p prometheus) firing(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, found := range p.query(t, `ALERTS{alertstate="firing"}`) {
		key := found.Metric["namespace"] + found.Metric["association"]
		all[key] = append(all[key], found.Metric["alertname"])
	}
	return all
}

// between is what an expression has given since the suite began.
func (s *suite) between(t *testing.T, expression string) []series {
	t.Helper()
	return s.ask(t, "query_range", url.Values{
		"query": {expression}, "step": {"2s"}, "start": {fmt.Sprint(s.begin.Unix())}, "end": {fmt.Sprint(time.Now().Unix())},
	})
}
