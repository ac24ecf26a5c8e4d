package injection_test

import (
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/pki"
)

func restricted(t *testing.T, s suite) {
	s.create(t, pod{Name: "restricted", Namespace: "restricted"})
	s.listBucket(t, "restricted", "restricted", "app")
}

func addedAfterUs(t *testing.T, s suite) {
	s.startAdder(t)
	s.create(t, pod{Name: "meshed", Namespace: "meshed"})
	s.listBucket(t, "meshed", "meshed", "added")
	if seen := s.Do(t, "get", "pod", "--namespace=meshed", "meshed", "-o=jsonpath={.spec.initContainers[*].name}"); seen != "pod-identity" {
		t.Errorf("the init containers are %q", seen)
	}
}

// startAdder runs a second webhook, which comes after ours.
func (s suite) startAdder(t *testing.T) {
	t.Helper()
	address := net.JoinHostPort(s.Cluster.Address(), "8443")
	dir := t.TempDir()
	ca, err := pki.NewCA("adder")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue(pki.Identity{CommonName: "adder", Hosts: []string{s.Cluster.Address()}})
	if err != nil {
		t.Fatal(err)
	}
	program, certificate, key := filepath.Join(dir, "adder"), filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	if err := binaries.Static(t.Context(), program, "suites/injection/adder"); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string][]byte{certificate: pair.Certificate, key: pair.Key} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Cluster.Run("adder", nil, program, address, certificate, key, s.CLIImage); err != nil {
		t.Fatal(err)
	}
	s.ApplyTemplate(t, "adder.yaml", struct{ URL, CA string }{"https://" + address + "/", base64.StdEncoding.EncodeToString(ca.Certificate)})
	s.await(t, "the other webhook adds its container", func() bool {
		seen, err := s.admit(t, "{.spec.containers[*].name}")
		return err == nil && strings.Contains(seen, "added")
	})
}

func debugger(t *testing.T, s suite) {
	s.create(t, pod{Name: "debugged", Namespace: "restricted"})
	s.debug(t, "debugged")
}

// debug looks into a pod as a person does, and lists the bucket from there.
func (s suite) debug(t *testing.T, pod string) {
	t.Helper()
	s.Do(t, "debug", "--namespace=restricted", pod, "--profile=restricted", "--image="+s.CLIImage, "--container=debugger", "--attach=false", "--", "sleep", "infinity")
	s.Do(t, "wait", "--namespace=restricted", "pod/"+pod, "--timeout=1m",
		`--for=jsonpath={.status.ephemeralContainerStatuses[0].state.running.startedAt}`)
	s.listBucket(t, "restricted", pod, "debugger")
}

func optedOut(t *testing.T, s suite) {
	before := s.calls(t)
	s.create(t, pod{Name: "opted-out", Namespace: "restricted", Annotations: `{podidentity.dev/inject: "false"}`})
	if after := s.calls(t); after != before {
		t.Errorf("the API server's own count of calls went from %d to %d", before, after)
	}
	if status := s.status(t, "restricted", "opted-out"); status != "" {
		t.Errorf("the pod has the status %q", status)
	}
}

// oneCall proves that nothing the API server does to an injected pod afterwards makes it call a second time.
func oneCall(t *testing.T, s suite) {
	before := s.calls(t)
	s.create(t, pod{Name: "counted", Namespace: "restricted"})
	if after := s.calls(t); after != before+1 {
		t.Errorf("the API server's own count of calls went from %d to %d", before, after)
	}
}

// calls is how often the API server has called our webhook, by its own count.
func (s suite) calls(t *testing.T) int {
	t.Helper()
	sum := 0
	for line := range strings.Lines(s.Do(t, "get", "--raw=/metrics")) {
		if !strings.HasPrefix(line, "apiserver_admission_webhook_request_total") || !strings.Contains(line, "podidentity.dev") {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1:]))
		if err != nil {
			t.Fatalf("read %q: %v", line, err)
		}
		sum += n
	}
	return sum
}

func noDrift(t *testing.T, s suite) {
	parse := struct{ Image string }{s.CLIImage}
	s.ApplyTemplate(t, "deployment.yaml", parse)
	s.Do(t, "rollout", "status", "--namespace=restricted", "deployment/steady", "--timeout=2m")
	text := s.Do(t, "get", "deployment", "--namespace=restricted", "steady", "-o=jsonpath={.metadata.generation} {.metadata.resourceVersion}")
	s.ApplyTemplate(t, "deployment.yaml", parse)
	generation, _, _ := strings.Cut(text, " ")
	if now := s.Do(t, "get", "deployment", "--namespace=restricted", "steady", "-o=jsonpath={.metadata.generation}"); now != generation {
		t.Errorf("the second apply made generation %s of %s", now, generation)
	}
	if pods := strings.Fields(s.Do(t, "get", "pods", "--namespace=restricted", "--selector=app=steady", "-o=name")); len(pods) != 1 {
		t.Errorf("there are the pods %v", pods)
	}
}

func misspelt(t *testing.T, s suite) {
	s.create(t, pod{Name: "misspelt", Namespace: "misspelt", ServiceAccount: "default"})
	const want = `skipped: the namespace label podidentity.dev/inject must be enabled or associated`
	if status := s.status(t, "misspelt", "misspelt"); status != want {
		t.Errorf("the status is %q", status)
	}
}

// associated also proves that a pod that is left alone costs one call too: of those, such a namespace may have many.
func associated(t *testing.T, s suite) {
	before := s.calls(t)
	s.create(t, pod{Name: "without", Namespace: "associated", ServiceAccount: "default"})
	if after := s.calls(t); after != before+1 {
		t.Errorf("the API server's own count of calls went from %d to %d", before, after)
	}
	if status := s.status(t, "associated", "without"); !strings.HasPrefix(status, "skipped: no PodIdentityAssociation") {
		t.Errorf("the status is %q", status)
	}
}

func defaultContainer(t *testing.T, s suite) {
	s.create(t, pod{Name: "default-container", Namespace: "restricted"})
	if seen := s.Do(t, "exec", "--namespace=restricted", "default-container", "--", "sh", "-c", "echo $AWS_CONTAINER_CREDENTIALS_FULL_URI"); !strings.Contains(seen, "127.0.0.1:2711") {
		t.Errorf("exec without a container ran elsewhere: %q", seen)
	}
	s.Do(t, "logs", "--namespace=restricted", "default-container")
}

// garbage goes to the webhook's Service as a stranger in the cluster would send it.
func garbage(t *testing.T, s suite) {
	address := strings.TrimSpace(s.Do(t, "get", "service", "--namespace=pod-identity", "pod-identity-webhook", "-o=jsonpath={.spec.clusterIP}"))
	client := &http.Client{Transport: &http.Transport{
		DialContext:     s.Cluster.Dial,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // what is sent matters, not to whom
	}}
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "pod", "half a review": `{"request":`, "broken UTF-8": "{\"a\":\"\xff\"}",
		"eight megabytes": strings.Repeat("x", 8<<20), "a deep one": strings.Repeat("[", 1<<20),
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+net.JoinHostPort(address, "443")+"/pods/enabled", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(text), `"allowed":false`) {
			t.Errorf("%s: %v %s", name, err, text)
		}
	}
	s.create(t, pod{Name: "afterwards", Namespace: "restricted"})
	restarts := s.Do(t, "get", "pods", "--namespace=pod-identity", "-o=jsonpath={.items[*].status.containerStatuses[*].restartCount}")
	if strings.Trim(restarts, "0 ") != "" {
		t.Errorf("the webhook restarted: %s", restarts)
	}
}
