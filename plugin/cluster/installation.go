package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/config"
)

// Installation is how the product is set up in the cluster.
type Installation struct {
	// Namespace of the product: that of the Services which the configurations name, or else the usual one.
	Namespace string
	// Configurations are those MutatingWebhookConfigurations of ours that are there, by name.
	Configurations map[string]*admissionregistrationv1.MutatingWebhookConfiguration
	// Deployments are those of ours that are there, by name.
	Deployments map[string]*appsv1.Deployment
	// Unread is why a configuration or a Deployment cannot be read, by name.
	Unread map[string]error
	// Config is the configuration of the webhook, by the arguments of its Deployment; the defaults where there is none.
	Config config.Config
	// ConfigErr is why it cannot be told from them.
	ConfigErr error
}

// Names of Deployments.
const (
	PrimaryDeployment = "pod-identity-webhook"
	StandbyDeployment = "pod-identity-webhook-standby"
	AuthDeployment    = "pod-identity-auth"
)

// container is that of both Deployments of the webhook.
const container = "webhook"

// ReadInstallation finds the product. What of it is missing or cannot be read is no error.
func ReadInstallation(ctx context.Context, c client.Reader) *Installation {
	i := &Installation{
		Namespace: contract.Namespace, Config: config.Default(), Unread: map[string]error{},
		Configurations: map[string]*admissionregistrationv1.MutatingWebhookConfiguration{}, Deployments: map[string]*appsv1.Deployment{},
	}
	for _, name := range i.Config.Webhooks {
		var read admissionregistrationv1.MutatingWebhookConfiguration
		if !i.read(ctx, c, client.ObjectKey{Name: name}, &read) {
			continue
		}
		i.Configurations[name] = &read
		for _, entry := range read.Webhooks {
			if entry.ClientConfig.Service != nil {
				i.Namespace = entry.ClientConfig.Service.Namespace
			}
		}
	}
	for _, name := range []string{PrimaryDeployment, StandbyDeployment, AuthDeployment} {
		var read appsv1.Deployment
		if i.read(ctx, c, client.ObjectKey{Namespace: i.Namespace, Name: name}, &read) {
			i.Deployments[name] = &read
		}
	}
	i.configure()
	return i
}

// read reports whether an object is there, and keeps why it cannot be read.
func (i *Installation) read(ctx context.Context, c client.Reader, key client.ObjectKey, into client.Object) bool {
	err := c.Get(ctx, key, into)
	if client.IgnoreNotFound(err) != nil {
		i.Unread[key.Name] = fmt.Errorf("read %s: %w", key.Name, err)
	}
	return err == nil
}

// configure reads the arguments of the webhook as it does itself.
func (i *Installation) configure() {
	i.ConfigErr = cmp.Or(i.Unread[PrimaryDeployment], errors.New("there is no Deployment "+PrimaryDeployment))
	for _, name := range []string{StandbyDeployment, PrimaryDeployment} {
		deployment, ok := i.Deployments[name]
		if !ok {
			continue
		}
		containers := deployment.Spec.Template.Spec.Containers
		at := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == container })
		if at < 0 {
			i.ConfigErr = fmt.Errorf("the container %s of Deployment %s is missing", container, name)
			continue
		}
		read, err := config.Parse(containers[at].Args, io.Discard)
		if i.ConfigErr = err; err == nil {
			i.Config = read
		}
	}
}

// Known reports whether the settings of the installation are known.
func (i *Installation) Known() bool { return i.ConfigErr == nil }
