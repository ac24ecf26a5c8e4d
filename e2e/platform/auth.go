package platform

import (
	"context"
	"strings"

	"github.com/podidentity/podidentity/e2e/cluster"
)

// withAuthService is the product as the demo installs it with the auth service, whose AWS identity are MinIO's own keys.
const withAuthService = "manifests/overlays/demo-auth"

// UseAuthService installs a kustomization that has the auth service, such as withAuthService, and returns the service's address.
// From then on injected pods ask the service.
func (p *Platform) UseAuthService(ctx context.Context, kustomization string) (address string, err error) {
	key, secret := p.MinIO.Administrator()
	product := Product{Kustomization: kustomization, Before: func(ctx context.Context, c *cluster.Cluster) error {
		manifest, err := c.Kubectl(ctx, nil, "create", "secret", "generic", "--namespace=pod-identity", "aws", "--dry-run=client", "--output=yaml",
			"--from-literal=AWS_ACCESS_KEY_ID="+key, "--from-literal=AWS_SECRET_ACCESS_KEY="+secret)
		if err != nil {
			return err
		}
		_, err = c.Kubectl(ctx, strings.NewReader(manifest), "apply", "--filename=-")
		return err
	}}
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	if err := product.install(ctx, p.Cluster, root); err != nil {
		return "", err
	}
	address, err = p.Cluster.Kubectl(ctx, nil, "get", "service", "--namespace=pod-identity", "pod-identity-auth", "-o=jsonpath={.spec.clusterIP}")
	return strings.TrimSpace(address), err
}

// useSTS has pods that are created from now on ask STS again. The auth service stays.
func (p *Platform) useSTS(ctx context.Context) error {
	root, err := Root(ctx)
	if err != nil {
		return err
	}
	return demo().install(ctx, p.Cluster, root)
}
