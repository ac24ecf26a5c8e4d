package sdks_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/install"
)

// python is Debian's, which is also the one in the image.
const python = "/usr/bin/python3"

// client is a row of the table.
type client struct {
	name string
	// install makes it run here, and returns its command.
	install func(ctx context.Context, log logf) (command []string, err error)
	// environment gives it the authorization token in the environment as well, for SDKs that do not read the file.
	environment bool
	// asksSTS is whether it takes the address of STS from its environment, so that it can be tried with a token of its own as well.
	asksSTS bool
	// tokenAlone is whether it is too old to know container credentials by a full URI.
	tokenAlone bool
	// question is what it is asked while its credentials are refreshed, and lifetime that of the sessions meanwhile.
	question string
	lifetime time.Duration
	// image is the directory of the image in which it runs in a pod as well, or empty.
	image string

	command []string
}

type logf func(format string, args ...any)

// clients are those of make test: what they need is a package of Debian or is installed in seconds.
func clients(work string) []client {
	// Every SDK but one asks again with 40 seconds left, some at every call, and finds a session of the sidecar's next turn.
	const lifetime = 40 * time.Second
	// Java goes on with a session that it is given in its last minute, and does not ask again soon.
	const longer = 90 * time.Second
	return []client{
		{name: "Go v2", install: goClient(work, "gov2"), asksSTS: true, question: "list", lifetime: lifetime, image: "gov2"},
		{name: "Go v1", install: goClient(work, "gov1"), question: "list", lifetime: lifetime},
		{name: "Python, boto3", install: pythonClient("boto3-1.44.5"), asksSTS: true, question: "list", lifetime: lifetime, image: "boto3-1.44.5"},
		{name: "Python, boto3, the oldest that reads the token file anew", install: pythonClient("boto3-1.34.41"), asksSTS: true, question: "list", lifetime: lifetime},
		{name: "Python, boto3, with `podidentity.dev/authorization: env`", install: pythonClient("boto3-1.26.165"), question: "list", lifetime: lifetime, environment: true},
		{name: "AWS CLI", install: commandLine(), asksSTS: true, question: "wait", lifetime: lifetime, image: "cli"},
		{name: "JavaScript v3", install: nodeClient("javascript-v3"), asksSTS: true, question: "list", lifetime: lifetime, image: "javascript-v3"},
		{name: "JavaScript v2", install: nodeClient("javascript-v2"), question: "list", lifetime: lifetime},
		{name: "Java v2", install: javaClient("java", "Main.java", "Main"), asksSTS: true, question: "list", lifetime: longer},
		{name: "MinIO's client for Go", install: goClient(work, "miniogo"), question: "list", lifetime: lifetime},
		{name: "Terraform's chain, aws-sdk-go-base", install: goClient(work, "awsbase"), asksSTS: true, question: "list", lifetime: lifetime},
		{name: "C++, by PyArrow", install: pythonLibrary("pyarrow"), question: "list", lifetime: lifetime},
		{name: "AWS CRT", install: pythonLibrary("awscrt"), question: "list", lifetime: lifetime},
		{name: "Mountpoint for S3, by s3torchconnectorclient", install: pythonLibrary("mountpoint"), question: "list", lifetime: lifetime},
		{name: "Rust, object_store, by obstore", install: pythonLibrary("obstore"), question: "list", lifetime: lifetime},
		{name: "Rust, OpenDAL, by its package for Python", install: pythonLibrary("opendal"), question: "list", lifetime: lifetime},
		{name: "rclone of Debian 12, with `podidentity.dev/authorization: env`", install: rclone(), question: "list", lifetime: lifetime, environment: true},
		{name: "Ruby of Debian 12, too old for container credentials by a full URI", install: rubyClient(), asksSTS: true, tokenAlone: true},
	}
}

// slowClients are those of make sdks: a new Debian lacks their compiler, or they take minutes to install.
func slowClients() []client {
	const lifetime = 90 * time.Second
	return []client{
		{name: "Rust", install: rustClient(), asksSTS: true, question: "list", lifetime: lifetime},
		{name: "Kotlin", install: javaClient("kotlin", "Main.kt", "MainKt"), asksSTS: true, question: "list", lifetime: lifetime},
		{name: "Hadoop S3A, as Spark has it", install: javaClient("hadoop", "Main.java", "Main"), asksSTS: true, question: "list", lifetime: lifetime},
	}
}

// version is that of the SDK, which knows it best.
func (c client) version(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH"), "BUCKET=none", "OBJECT=none"}, "/"
	d, err := talk(ctx, cmd)
	if err != nil {
		return "", err
	}
	defer d.end()
	return d.ask("version")
}

// goClient is one of this module's own commands.
func goClient(work, name string) func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, _ logf) ([]string, error) {
		program := filepath.Join(work, name)
		return []string{program}, binaries.Static(ctx, program, "suites/sdks/clients/"+name)
	}
}

func pythonClient(requirements string) func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, requirements, "python/main.py", "python/lines.py", "python/"+requirements+".txt")
		return []string{python, filepath.Join(dir, "main.py")}, err
	}
}

func commandLine() func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, "cli", "cli/main.py", "cli/requirements.txt")
		return []string{python, filepath.Join(dir, "main.py")}, err
	}
}

func nodeClient(name string) func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, name, name+"/main.js", name+"/package.json", name+"/package-lock.json")
		return []string{"node", filepath.Join(dir, "main.js")}, err
	}
}

func javaClient(name, source, class string) func(context.Context, logf) ([]string, error) {
	return func(ctx context.Context, log logf) ([]string, error) {
		dir, err := install.Client(ctx, log, name, name+"/"+source, name+"/pom.xml")
		return []string{"java", "-cp", filepath.Join(dir, "target", "classes") + ":" + filepath.Join(dir, "lib", "*"), class}, err
	}
}
