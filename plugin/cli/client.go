package cli

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// Requests in a second, and at once: as kubectl does.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 100
)

// Scheme has the types that the commands read.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("register the types of Kubernetes: %w", err)
	}
	return scheme, nil
}

// Config is how the flags and the kubeconfig reach the API server.
func Config(getter genericclioptions.RESTClientGetter) (*rest.Config, error) {
	config, err := getter.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	config.QPS, config.Burst = requestsPerSecond, requestsAtOnce
	return config, nil
}

// Client reads from the cluster. It asks for no discovery: of a type that the API server does not serve, an object is not found.
func Client(config *rest.Config) (client.Client, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme, Mapper: mapper()})
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", config.Host, err)
	}
	return c, nil
}

// ClientOf is Client with the Config of the flags.
func ClientOf(getter genericclioptions.RESTClientGetter) (client.Client, error) {
	config, err := Config(getter)
	if err != nil {
		return nil, err
	}
	return Client(config)
}

// mapper knows the types that the commands read.
func mapper() meta.RESTMapper {
	known := meta.NewDefaultRESTMapper(nil)
	for kind, scope := range kinds() {
		known.Add(kind, scope)
	}
	return known
}

// Namespace is that of the flag, or else of the context.
func Namespace(getter genericclioptions.RESTClientGetter) (string, error) {
	namespace, _, err := getter.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("find the namespace of the context: %w", err)
	}
	return namespace, nil
}
