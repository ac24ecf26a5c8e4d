package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/podidentity/podidentity/auth/config"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/certs"
)

const (
	// A client sends 2 KB at once, and waits for two calls of STS and one of the API server.
	readTimeout, writeTimeout, idleTimeout = 5 * time.Second, 30 * time.Second, time.Minute
	// maxHeader is enough for a signature.
	maxHeader = 16 << 10
)

// newIssuer finds the service's own AWS identity, by the SDK's default chain.
func newIssuer(ctx context.Context, c config.Config) (*sessions.Issuer, error) {
	options := []func(*awsconfig.LoadOptions) error{}
	if c.Region != "" {
		options = append(options, awsconfig.WithRegion(c.Region))
	}
	aws, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("read the AWS settings of the environment: %w", err)
	}
	if aws.Region == "" {
		return nil, fmt.Errorf("no AWS region is set: set --region, or AWS_REGION")
	}
	return sessions.New(sessions.Settings{
		AWS: aws, Endpoint: c.STSEndpoint, Rate: c.STSRate, ClusterName: c.ClusterName, ClusterARN: c.ClusterARN,
	}, metrics.Registry)
}

// addServer has the manager serve the handler, by TLS alone. It does not listen before it is ready: a refused connection is
// tried again by every client, a broken handshake is not.
func addServer(mgr manager.Manager, port int, rotator *certs.Rotator, synced func() bool, handler http.Handler) error {
	return mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(context.Context) (bool, error) {
			return synced() && rotator.Ready(nil) == nil, nil
		})
		if err != nil {
			return fmt.Errorf("wait for the certificate and the associations: %w", err)
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("listen on port %d: %w", port, err)
		}
		server := &manager.Server{Name: "auth", Listener: tls.NewListener(listener, tlsConfig(rotator)), Server: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
			MaxHeaderBytes: maxHeader,
		}}
		return server.Start(ctx)
	}))
}

func tlsConfig(rotator *certs.Rotator) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: rotator.Certificate,
		// One request at a time on a connection, so that counting connections counts requests.
		NextProtos: []string{"http/1.1"},
	}
}
