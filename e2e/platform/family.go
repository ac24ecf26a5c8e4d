package platform

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/podidentity/podidentity/e2e/cluster"
)

// familyVariable is the environment variable that chooses the families of a cluster's addresses, as cluster.Family has them.
const familyVariable = "IP_FAMILY"

// Localize gives a text that names the node of a cluster by its address of IPv4 and a port, as manifests for the demo and for suites do,
// the address that the node of this cluster has.
func Localize(c *cluster.Cluster, text string) string {
	return strings.ReplaceAll(text, net.JoinHostPort(cluster.NodeAddress, ""), net.JoinHostPort(c.Address(), ""))
}

// checkFamily complains about replicas of the product whose addresses are not those of the cluster's family: a run that is about the
// family would show nothing.
func checkFamily(ctx context.Context, c *cluster.Cluster) error {
	text, err := c.Kubectl(ctx, nil, "get", "pods", "--namespace=pod-identity", `-o=jsonpath={range .items[*]}{.status.podIPs[*].ip}{"\n"}{end}`)
	if err != nil {
		return err
	}
	networks := c.PodNetworks()
	for line := range strings.Lines(text) {
		addresses := strings.Fields(line)
		if len(addresses) != len(networks) {
			return fmt.Errorf("a replica has the addresses %q, but pods of this cluster have one in each of %v", addresses, networks)
		}
		for i, address := range addresses {
			if parsed, err := netip.ParseAddr(address); err != nil || !networks[i].Contains(parsed) {
				return fmt.Errorf("a replica has the address %s, which is not in %s", address, networks[i])
			}
		}
	}
	return nil
}
