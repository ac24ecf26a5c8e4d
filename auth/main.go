// Auth serves the EKS Auth API: it assumes the IAM roles of pods with an AWS identity of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/types"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/auth/api"
	"github.com/podidentity/podidentity/auth/config"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/internal/process"
)

func main() {
	if err := serve(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "auth:", err)
		os.Exit(1)
	}
}

func serve(arguments []string) error {
	settings, err := config.Parse(arguments, os.Stdout)
	if err != nil {
		return err
	}
	process.LimitMemory()
	return run(process.Drain(ctrl.SetupSignalHandler(), settings.Drain), settings)
}

// run serves pods until ctx ends.
func run(ctx context.Context, c config.Config) error {
	log, err := process.NewLogger(c.LogLevel)
	if err != nil {
		return err
	}
	kubernetes, _, err := process.Connect(ctx, log)
	if err != nil {
		return err
	}
	// --client-rate limits the requests already.
	kubernetes.QPS = -1
	rotation := rotationOf(c)
	definition, err := association.NewDefinition(kubernetes, metrics.Registry, log)
	if err != nil {
		return err
	}
	watched := certs.Watched(rotation)
	maps.Copy(watched, association.WatchedRoles())
	mgr, err := process.NewManager(kubernetes, watched, definition.NewInformer, log)
	if err != nil {
		return err
	}
	rotator := certs.NewRotator(rotation, log)
	if err := rotator.SetupWithManager(mgr); err != nil {
		return err
	}
	identities, synced, err := watch(ctx, mgr.GetCache(), definition, log)
	if err != nil {
		return err
	}
	handler, err := newAPI(ctx, c, kubernetes, identities, synced, log)
	handler.Labels = tokens.NewLabels(mgr.GetAPIReader())
	if err != nil {
		return err
	}
	err = errors.Join(
		process.RegisterBuildInfo(metrics.Registry),
		addServer(mgr, c.Listen, rotator, synced, handler.Handler()),
		process.Ports{Health: c.Health, Metrics: c.Metrics}.Add(mgr, map[string]healthz.Checker{
			"certificate":  rotator.Ready,
			"associations": process.ReadyWhen(synced, "the associations, ServiceAccounts and Namespaces are not read yet"),
		}),
	)
	if err != nil {
		return fmt.Errorf("set up the server: %w", err)
	}
	return mgr.Start(ctx)
}

// watch returns the associations, and the annotations within the bounds of namespaces. No other annotation counts: whoever may write a
// ServiceAccount in one namespace could choose any role that this service can assume.
func watch(ctx context.Context, informers cache.Informers, definition *association.Definition, log logrus.FieldLogger) (*association.Index, func() bool, error) {
	var changes association.Changes
	identities, associations, err := association.Watch(ctx, informers, definition, &changes, log)
	if err != nil {
		return nil, nil, err
	}
	roles, err := association.WatchRoles(ctx, informers, identities, association.BoundedAnnotations, &changes, log)
	return identities, func() bool { return associations() && roles() }, err
}

func rotationOf(c config.Config) certs.Config {
	return certs.Config{
		Secret:       types.NamespacedName{Namespace: c.Namespace, Name: c.CASecret},
		Target:       certs.ConfigMap{Namespace: c.Namespace, Name: c.CAConfigMap},
		Propagation:  c.Propagation,
		DNSNames:     []string{c.Service + "." + c.Namespace + ".svc"},
		CAValidity:   c.CAValidity,
		LeafValidity: c.CertificateValidity,
	}
}

func newAPI(ctx context.Context, c config.Config, kubernetes *rest.Config, identities *association.Index, synced func() bool, log logrus.FieldLogger) (api.API, error) {
	issuer, err := newIssuer(ctx, c)
	if err != nil {
		return api.API{}, err
	}
	reviews, err := authenticationclient.NewForConfig(kubernetes)
	if err != nil {
		return api.API{}, fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	requests, err := api.NewMetrics(metrics.Registry)
	return api.API{
		Settings:   c.API,
		Tokens:     tokens.Reviewer{Reviews: reviews.TokenReviews()},
		Identities: identities, Synced: synced, Sessions: issuer, Metrics: requests, Log: log,
	}, err
}

// newIssuer assumes roles with the AWS identity that the SDK's default chain finds.
func newIssuer(ctx context.Context, c config.Config) (*sessions.Issuer, error) {
	aws, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(c.Region))
	if err != nil {
		return nil, fmt.Errorf("read the AWS settings of the environment: %w", err)
	}
	if aws.Region == "" {
		return nil, errors.New("no AWS region is set: set --region, or AWS_REGION")
	}
	return sessions.New(aws, c.Sessions, metrics.Registry)
}
