package reconciliation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
)

// waitTimeout is how long anything may take here: many times what it takes, since machines differ.
const waitTimeout = 3 * time.Minute

// fixture is where one scenario runs: a namespace with the label and the service account reader, in which no other does.
type fixture struct {
	*platform.Env

	namespace string
}

func newFixture(t *testing.T, env *platform.Env) fixture {
	t.Helper()
	return fixture{env, env.Namespace(t, "reconciliation", "enabled", "reader")}
}

// association is the full name of an association: they have no namespace, so the scenario's is a part of their names.
func (f fixture) association(name string) string { return f.namespace + "-" + name }

// pattern selects the scenario's namespace, and no other.
func (f fixture) pattern() string { return f.namespace[:len(f.namespace)-1] + "*" }

// associate gives the service account reader the role that may list the bucket.
func (f fixture) associate(t *testing.T, name, namespaces string) {
	t.Helper()
	f.associateAccount(t, name, namespaces, "reader", fmt.Sprintf("roleARN: %q", f.RoleARN))
}

func (f fixture) associateAccount(t *testing.T, name, namespaces, account, spec string) {
	t.Helper()
	f.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %s}\nspec: {namespace: %q, serviceAccount: %s, %s}",
		f.association(name), namespaces, account, spec), "apply", "-f", "-")
	t.Cleanup(func() {
		if _, err := f.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", "pia", f.association(name), "--ignore-not-found"); err != nil {
			t.Error(err)
		}
	})
}

func (f fixture) dissociate(t *testing.T, name string) {
	t.Helper()
	f.Do(t, "delete", "pia", f.association(name))
}

// run creates a pod that does nothing by itself.
func (f fixture) run(t *testing.T, pod, account string) {
	t.Helper()
	f.Do(t, "run", pod, "--namespace="+f.namespace, "--image="+f.CLIImage, "--command",
		fmt.Sprintf(`--overrides={"spec":{"serviceAccountName":%q,"terminationGracePeriodSeconds":1}}`, account), "--", "sleep", "infinity")
}

// start runs the pod app, and returns when it is ready.
func (f fixture) start(t *testing.T) {
	t.Helper()
	f.run(t, "app", "reader")
	f.awaitReady(t)
}

func (f fixture) awaitReady(t *testing.T) {
	t.Helper()
	f.Do(t, "wait", "--namespace="+f.namespace, "--for=condition=Ready", "pod/app", "--timeout=3m")
}

// startAssociated starts the pod app, with the association reader.
func (f fixture) startAssociated(t *testing.T) {
	t.Helper()
	f.associate(t, "reader", f.namespace)
	f.start(t)
	f.awaitAssociation(t, "reader")
}

// readiness is the JSON path of the Ready condition of a pod or an association.
const readiness = `{.status.conditions[?(@.type=="Ready")].status}`

// inPod is what a JSON path finds in the pod app.
func (f fixture) inPod(t *testing.T, path string) string {
	t.Helper()
	return f.Do(t, "get", "pod", "--namespace="+f.namespace, "app", "--output=jsonpath="+path)
}

// forge changes the metadata of the pod app under the name of the product: the policies refuse it to everybody else.
func (f fixture) forge(t *testing.T, metadata string) {
	t.Helper()
	f.Do(t, "patch", "pod", "--namespace="+f.namespace, "app", "--type=merge", `--patch={"metadata": `+metadata+`}`,
		"--as=system:serviceaccount:pod-identity:pod-identity-webhook", "--as-group=system:masters")
}

// execute runs a command in the application of the pod app.
func (f fixture) execute(t *testing.T, command ...string) string {
	t.Helper()
	return f.Do(t, append([]string{"exec", "--namespace=" + f.namespace, "app", "--container=app", "--"}, command...)...)
}

// until makes a change while a loop in the pod app asks its sidecar, and returns how long after its beginning the sidecar answers
// with the status code.
func (f fixture) until(t *testing.T, code string, change func()) time.Duration {
	t.Helper()
	const loop = `while ! wget -q -S -O /dev/null --header "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI 2>&1 | grep -q "HTTP/1.1 %s"; do :; done`
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	answered := make(chan error, 1)
	go func() {
		_, err := f.Kubectl(ctx, nil, "exec", "--namespace="+f.namespace, "app", "--container=app", "--", "sh", "-c", fmt.Sprintf(loop, code))
		answered <- err
	}()
	begin := time.Now()
	change()
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

func (f fixture) list(t *testing.T) {
	t.Helper()
	command := []string{"aws", "s3", "ls", "s3://" + f.Bucket}
	if f.S3Endpoint != "" {
		command = append(command, "--endpoint-url", f.S3Endpoint)
	}
	if seen := f.execute(t, command...); !strings.Contains(seen, platform.Object) {
		t.Errorf("the list of the bucket is %q", seen)
	}
}

// awaitAssociation waits until the identity of the pod app is that of the association.
func (f fixture) awaitAssociation(t *testing.T, name string) {
	t.Helper()
	want := fmt.Sprintf(`{"association":%q,"roleARN":%q}`, f.association(name), f.RoleARN)
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+want, "pod/app", "--timeout=3m")
}

// awaitDescription waits until kubectl describe says all of these.
func (f fixture) awaitDescription(t *testing.T, of []string, says ...string) {
	t.Helper()
	var seen string
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, waitTimeout, true, func(context.Context) (bool, error) {
		seen = f.Do(t, append([]string{"describe"}, of...)...)
		for _, sentence := range says {
			if !strings.Contains(seen, sentence) {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		t.Errorf("kubectl describe %v does not say %q:\n%s", of, says, seen)
	}
}

// awaitTrouble waits until the sidecar of the pod app says that something is wrong, or that nothing is.
func (f fixture) awaitTrouble(t *testing.T, trouble string) {
	t.Helper()
	var said string
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, waitTimeout, true, func(ctx context.Context) (bool, error) {
		out, err := f.Kubectl(ctx, nil, "exec", "--namespace="+f.namespace, "app", "--container=pod-identity", "--", "/sidecar", "probe", "--live")
		said = fmt.Sprint(out, err)
		return (err == nil) == (trouble == "") && strings.Contains(said, trouble), nil
	})
	if err != nil {
		t.Errorf("the sidecar says %q, not %q", said, trouble)
	}
}
