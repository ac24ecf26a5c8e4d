package reconciliation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// noBucket is the session policy of the container agent: MinIO has one role, so that its sessions have to differ by a policy.
	noBucket = `roleARN: %q, container: agent, disableSessionTags: true, policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::nothing/*"}]}'`
	// listener listens on the port of the sidecar whenever that is free, and keeps the first request with a token, and for a while its
	// connection.
	listener = `
import os, socket, time
sent = b""
while b"Authorization" not in sent:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", 2711))
            s.listen()
        except OSError:
            time.sleep(0.001)
            continue
        c, _ = s.accept()
    sent = c.recv(9999)
    c.sendall(b"HTTP/1.1 500 stolen\r\nContent-Length: 0\r\n\r\n")
open("/dev/shm/sent", "wb").write(sent)
os.rename("/dev/shm/sent", "/dev/shm/stolen")
time.sleep(30)
`
	// asking is what an application does without end.
	asking = `(while :; do wget -q -O /dev/null --header "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI; sleep 0.05; done) > /dev/null 2>&1 &`
	// capture listens in on the loopback interface until credentials pass.
	capture = `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
s.bind(("lo", 0))
s.settimeout(30)
while b"SecretAccessKey" not in s.recv(65535):
    pass
print("captured")
`
	// stolen is the token that was sent.
	stolen = `$(grep Authorization /dev/shm/stolen | tr -d '\r' | cut -d ' ' -f 2)`
	// ask prints the answer of the sidecar to a token, as far as it is no secret.
	ask = `wget -q -S -O - --header "Authorization: %s" $AWS_CONTAINER_CREDENTIALS_FULL_URI 2>&1 | grep -o -e 'HTTP/1.1 [0-9]*' -e '"AccessKeyId":"[^"]*'; true`
)

// separateContainers gives two containers of a pod different rights, and has one try to get those of the other.
func separateContainers(t *testing.T, f fixture) {
	t.Parallel()
	f.associateTwo(t)
	f.runThree(t, true)
	f.awaitReady(t)
	f.keepApart(t)
}

// associateTwo associates the pod app, and its container agent for itself.
func (f fixture) associateTwo(t *testing.T) {
	t.Helper()
	f.associate(t, "reader", f.namespace)
	f.associateAccount(t, "agent", f.namespace, "reader", fmt.Sprintf(noBucket, f.RoleARN))
}

// keepApart proves that neither container of them gets what is the other's, whatever it tries.
func (f fixture) keepApart(t *testing.T) {
	t.Helper()
	f.list(t)
	if seen := f.tryList(t); !strings.Contains(seen, "AccessDenied") {
		t.Errorf("the list of the bucket in container agent is %q", seen)
	}
	token := f.execute(t, "sh", "-c", "cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
	f.readNothing(t, token)
	f.listenInPlace(t)
	f.list(t)
	f.captureAll(t)

	f.Do(t, "delete", "pia", f.association("agent"))
	f.awaitInAgent(t, "that of the pod", func(seen string) bool { return strings.Contains(seen, "aws.png") })
	f.associateAccount(t, "agent", f.namespace, "reader", fmt.Sprintf("roleARN: %q, container: agen*", f.RefusedRoleARN))
	f.Do(t, "wait", `--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=NoNewCredentials`, "pia/"+f.association("agent"), "--timeout=4m")
	if ready := f.Do(t, "get", "pia", f.association("reader"), "--output=jsonpath="+readiness); ready != "True" {
		t.Errorf("the Ready condition of the association of the pod is %q", ready)
	}
	f.awaitDescription(t, []string{"pod", "--namespace=" + f.namespace, "app"}, "container agent: STS refuses role "+f.RefusedRoleARN)
	f.list(t)
}

// runThree creates the pod app, with the containers app and agent, and raw, which is root with the capabilities that runtimes give.
func (f fixture) runThree(t *testing.T, hostUsers bool) {
	t.Helper()
	f.DoWith(t, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: %s}
spec:
  hostUsers: %t
  serviceAccountName: reader
  terminationGracePeriodSeconds: 1
  securityContext: {runAsUser: 1000}
  containers:
    - {name: app, image: %s, command: [sleep, infinity], env: [{name: HOME, value: /tmp}]}
    - {name: agent, image: %s, command: [sleep, infinity], env: [{name: HOME, value: /tmp}]}
    - {name: raw, image: %s, command: [sleep, infinity], securityContext: {runAsUser: 0}}
`, f.namespace, hostUsers, f.CLIImage, f.CLIImage, f.CLIImage), "create", "--filename=-")
}

// inAgent runs a command in the container agent.
func (f fixture) inAgent(t *testing.T, command ...string) string {
	t.Helper()
	return f.Do(t, append([]string{"exec", "--namespace=" + f.namespace, "app", "--container=agent", "--"}, command...)...)
}

// tryList lists the bucket in the container agent, and returns what that says.
func (f fixture) tryList(t *testing.T) string {
	t.Helper()
	endpoint := ""
	if f.S3Endpoint != "" {
		endpoint = "--endpoint-url " + f.S3Endpoint
	}
	return f.inAgent(t, "sh", "-c", fmt.Sprintf("aws s3 ls s3://%s %s 2>&1; true", f.Bucket, endpoint))
}

func (f fixture) awaitInAgent(t *testing.T, what string, is func(seen string) bool) {
	t.Helper()
	var seen string
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, waitTimeout, true, func(context.Context) (bool, error) {
		seen = f.tryList(t)
		return is(seen), nil
	})
	if err != nil {
		t.Errorf("container agent does not get %s: %s", what, seen)
	}
}

// readNothing has the container agent look for the token of the container app in its files and its environment, and ask without one.
func (f fixture) readNothing(t *testing.T, token string) {
	t.Helper()
	if found := f.inAgent(t, "sh", "-c", "env; find / -xdev -type f -name 'token' 2>/dev/null | xargs cat; cat /proc/[0-9]*/environ; ls -lR /var/run/secrets"); strings.Contains(found, token) {
		t.Error("container agent finds the token of container app")
	}
	own := f.inAgent(t, "sh", "-c", "cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
	if own == token {
		t.Error("both containers have the same token")
	}
	mine, others := f.inAgent(t, "sh", "-c", fmt.Sprintf(ask, own)), f.execute(t, "sh", "-c", fmt.Sprintf(ask, token))
	if mine == others || !strings.Contains(mine, "200") || !strings.Contains(others, "200") {
		t.Errorf("container agent gets %q, and app %q", mine, others)
	}
	for _, guess := range []string{"", "x", strings.ToLower(token), own + token} {
		if answer := f.inAgent(t, "sh", "-c", fmt.Sprintf(ask, guess)); !strings.HasPrefix(answer, "HTTP/1.1 401") {
			t.Errorf("a made-up token is answered with %q", answer)
		}
	}
}

// listenInPlace has the container agent listen on the port of the sidecar once that is killed, take the token that the container app sends,
// and use it when the sidecar is back.
func (f fixture) listenInPlace(t *testing.T) {
	t.Helper()
	f.inAgent(t, "sh", "-c", "python3 -c '"+listener+"' > /dev/null 2>&1 &")
	f.execute(t, "sh", "-c", asking)
	f.killSidecar(t)
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, waitTimeout, true, func(context.Context) (bool, error) {
		return f.inAgent(t, "sh", "-c", "test -e /dev/shm/stolen && echo stolen; true") != "", nil
	})
	if err != nil {
		t.Fatal("container agent was sent no token: the attack was not tried")
	}
	var answer string
	err = wait.PollUntilContextTimeout(t.Context(), time.Second, waitTimeout, true, func(context.Context) (bool, error) {
		answer = f.inAgent(t, "sh", "-c", fmt.Sprintf(ask, stolen))
		return strings.HasPrefix(answer, "HTTP/1.1 "), nil
	})
	if err != nil || !strings.HasPrefix(answer, "HTTP/1.1 401") {
		t.Errorf("the stolen token is answered with %q, %v", answer, err)
	}
	f.awaitLog(t, "still has connections from there", "replaced the authorization tokens")
}

// awaitLog waits for what the sidecar says. For as long as the postStart hook of a restarted one runs, kubectl logs shows what the killed one
// said.
func (f fixture) awaitLog(t *testing.T, says ...string) {
	t.Helper()
	var log string
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, waitTimeout, true, func(context.Context) (bool, error) {
		log = f.Do(t, "logs", "--namespace="+f.namespace, "app", "--container=pod-identity")
		return !slices.ContainsFunc(says, func(one string) bool { return !strings.Contains(log, one) }), nil
	})
	if err != nil {
		t.Errorf("the sidecar does not say all of %q: %s", says, log)
	}
}

// captureAll proves what the status of the pod warns of: the application asks meanwhile.
func (f fixture) captureAll(t *testing.T) {
	t.Helper()
	if status := f.inPod(t, `{.metadata.annotations.podidentity\.dev/status}`); !strings.Contains(status, "raw can read what the others receive") {
		t.Errorf("the status is %q", status)
	}
	if seen := f.Do(t, "exec", "--namespace="+f.namespace, "app", "--container=raw", "--", "python3", "-c", capture); !strings.Contains(seen, "captured") {
		t.Errorf("container raw says %q", seen)
	}
}
