// Package minio runs MinIO in a cluster as its S3 and as its STS: it exchanges service account tokens, which it verifies against
// the cluster's own keys, for credentials of one role, and keeps those to the policy of the role. MinIO is under the AGPL: it runs
// as a process of its own, for tests only; nothing of it is linked here (the S3 client is, under the Apache licence).
package minio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/node"
)

const (
	// Audience is the audience of the service account tokens that it takes.
	Audience = "sts.amazonaws.com"
	// Region is the region that requests must be signed for.
	Region = "us-east-1"

	name         = "minio"
	port         = "9000"
	policy       = "list-and-read"
	startTimeout = 5 * time.Minute
)

// Bucket is what it holds, and what the role may list and read, but not write.
type Bucket struct {
	Name    string
	Objects map[string][]byte
}

// Server is a running MinIO. It ends with its cluster.
type Server struct {
	// Endpoint is the URL of both S3 and STS, reachable by pods.
	Endpoint string
	// RoleARN is the one role that can be assumed with a service account token.
	RoleARN string

	cluster  *cluster.Cluster
	process  *node.Process
	user     string
	password string
}

// Start starts MinIO from the directory that holds its program and fills the bucket. Its data lies in the cluster's directory, and so does
// its administrator's password, a new one each time.
func Start(ctx context.Context, c *cluster.Cluster, programDir string, bucket Bucket) (*Server, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready after %s", startTimeout))
	defer cancel()
	s := newServer(c, rand.Text())
	for _, step := range []func(context.Context) error{
		func(context.Context) error { return s.run(programDir) },
		s.awaitRole,
		s.createPolicy(bucket.Name),
		func(ctx context.Context) error { return s.fill(ctx, bucket) },
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("start MinIO: %w", err)
		}
	}
	return s, nil
}

// Open finds the MinIO that another program has started in a cluster.
func Open(c *cluster.Cluster) (*Server, error) {
	password, err := os.ReadFile(passwordFile(c))
	if err != nil {
		return nil, fmt.Errorf("find MinIO: %w", err)
	}
	s := newServer(c, string(password))
	return s, s.findRole()
}

func newServer(c *cluster.Cluster, password string) *Server {
	return &Server{
		Endpoint: "http://" + net.JoinHostPort(c.Address(), port),
		cluster:  c,
		user:     "podidentity",
		password: password,
	}
}

func passwordFile(c *cluster.Cluster) string { return filepath.Join(c.Dir(name), "password") }

// Administrator is the identity that may assume roles. MinIO knows no roles in AssumeRole: whatever the ARN, it gives a session
// with the rights of who asks, narrowed by the session policy, and it gives none to who has but a session itself.
func (s *Server) Administrator() (accessKeyID, secretAccessKey string) { return s.user, s.password }

func (s *Server) run(programDir string) error {
	data, certs := filepath.Join(s.cluster.Dir(name), "objects"), filepath.Join(s.cluster.Dir(name), "certs")
	cas := filepath.Join(certs, "CAs")
	for _, dir := range []string{data, cas} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create its directory: %w", err)
		}
	}
	if err := os.WriteFile(passwordFile(s.cluster), []byte(s.password), 0o600); err != nil {
		return fmt.Errorf("keep its password: %w", err)
	}
	ca, err := os.ReadFile(s.cluster.CA())
	if err != nil {
		return fmt.Errorf("read the cluster's CA: %w", err)
	}
	if err := os.WriteFile(filepath.Join(cas, "cluster.crt"), ca, 0o600); err != nil {
		return fmt.Errorf("give it the cluster's CA: %w", err)
	}
	s.process, err = s.cluster.Run(name, s.environment(), filepath.Join(programDir, "minio"),
		"server", "--certs-dir="+certs, "--address="+net.JoinHostPort(s.cluster.Address(), port), data)
	return err
}

func (s *Server) environment() []string {
	return []string{
		"MINIO_ROOT_USER=" + s.user,
		"MINIO_ROOT_PASSWORD=" + s.password,
		"MINIO_REGION=" + Region,
		"MINIO_IDENTITY_OPENID_CONFIG_URL=" + s.cluster.Issuer() + "/.well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID=" + Audience,
		"MINIO_IDENTITY_OPENID_ROLE_POLICY=" + policy,
		// It would ask the internet, which it cannot reach from here.
		"MINIO_UPDATE=off",
		"MINIO_BROWSER=off",
	}
}

// awaitRole waits until MinIO tells its role.
func (s *Server) awaitRole(ctx context.Context) error {
	return s.poll(ctx, s.findRole)
}

// findRole reads the role's ARN where MinIO tells it: in its log.
func (s *Server) findRole() error {
	log, err := os.ReadFile(s.cluster.LogPath(name))
	if err != nil {
		return err
	}
	found := regexp.MustCompile(`IAM Roles:.*?(arn:minio:iam:\S*:role/[\w-]+)`).FindSubmatch(log)
	if found == nil {
		return errors.New("it has not logged the ARN of its role")
	}
	s.RoleARN = string(found[1])
	return nil
}

// poll asks until the answer is yes, or MinIO has ended.
func (s *Server) poll(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-s.process.Done():
			return s.process.Err()
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Server) transport() *http.Transport { return &http.Transport{DialContext: s.cluster.Dial} }
