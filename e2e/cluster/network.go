package cluster

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Family says of which families the addresses of a cluster are.
type Family string

// The families of a cluster. A pod of a cluster with both has an address of each. Services, the address of the node, and what Kubernetes
// calls the IP of a pod are of the first, which is IPv4 or, as the name says, IPv6.
const (
	IPv4          Family = ""
	IPv6          Family = "IPv6"
	DualStack     Family = "dual-stack"
	DualStackIPv6 Family = "dual-stack-IPv6-first"
)

// ParseFamily refuses a name that is none of a family.
func ParseFamily(name string) (Family, error) {
	if all := []Family{IPv4, IPv6, DualStack, DualStackIPv6}; !slices.Contains(all, Family(name)) {
		return "", fmt.Errorf("the family of addresses is %q: use %s, %s or %s, or none for IPv4", name, IPv6, DualStack, DualStackIPv6)
	}
	return Family(name), nil
}

// The addresses of a cluster. Every cluster of a family has the same: each is alone in its network namespace, and none of them is
// reachable from outside it.
const (
	// NodeAddress is the address of the node of a cluster of IPv4, see Cluster.Address.
	NodeAddress = "172.31.255.1"
	// apiServerPort is the port of the API server on the node.
	apiServerPort = "6443"
)

// network are the addresses of one family.
type network struct {
	node string
	// pods has gateway as its first address, which the CNI plugin gives to the node's end of every pod's cable.
	pods, gateway string
	// anywhere is every address.
	anywhere string
	// services has apiServer as its first address: the Service `kubernetes`.
	services, apiServer string
	// dns is where a cluster's DNS would be. There is none: what runs here finds the API server by
	// KUBERNETES_SERVICE_HOST and everything else by address. Without this setting the kubelet adds a warning about missing DNS
	// to every pod; with it, a lookup is refused at once, since kube-proxy rejects a Service that does not exist.
	dns string
}

// networks are those of the cluster, the first of which Services have.
func (f Family) networks() []network {
	four := network{
		node: NodeAddress, pods: "10.244.0.0/16", gateway: "10.244.0.1", anywhere: "0.0.0.0/0",
		services: "10.96.0.0/16", apiServer: "10.96.0.1", dns: "10.96.0.10",
	}
	six := network{
		node: "fd00:172:31:255::1", pods: "fd00:10:244::/64", gateway: "fd00:10:244::1", anywhere: "::/0",
		services: "fd00:10:96::/112", apiServer: "fd00:10:96::1", dns: "fd00:10:96::a",
	}
	switch f {
	case IPv6:
		return []network{six}
	case DualStack:
		return []network{four, six}
	case DualStackIPv6:
		return []network{six, four}
	case IPv4:
	}
	return []network{four}
}

// each is one address of each network.
func (f Family) each(address func(network) string) []string {
	var all []string
	for _, n := range f.networks() {
		all = append(all, address(n))
	}
	return all
}

func (f Family) nodes() []string { return f.each(func(n network) string { return n.node }) }

// links are iproute2's commands for the node's network. A bridge without ports serves as the card of a machine that has none:
// the kernel of a small virtual machine lacks the module for a dummy, and a bridge it needs for containers anyway. The default
// route leads nowhere; it is there because daemons choose their address by it, and because a packet to a Service
// must have a route before kube-proxy's rules turn it elsewhere.
func (f Family) links() string {
	var commands strings.Builder
	commands.WriteString("link set lo up\nlink add node0 type bridge\n")
	for _, n := range f.networks() {
		address := netip.MustParseAddr(n.node)
		fmt.Fprintf(&commands, "addr add %s/%d dev node0", n.node, address.BitLen())
		if address.Is6() {
			// Nobody is there who could have the same.
			commands.WriteString(" nodad")
		}
		commands.WriteString("\n")
	}
	commands.WriteString("link set node0 up\n")
	for _, n := range f.networks() {
		fmt.Fprintf(&commands, "route add %s dev node0 src %s\n", n.anywhere, n.node)
	}
	return commands.String()
}

// Address is the address of the node. The API server listens on it, and so may whatever pods must reach.
func (c *Cluster) Address() string { return c.Family.networks()[0].node }

// PodNetworks have the addresses of pods: each pod has one of each, in this order.
func (c *Cluster) PodNetworks() []netip.Prefix {
	var all []netip.Prefix
	for _, n := range c.Family.networks() {
		all = append(all, netip.MustParsePrefix(n.pods))
	}
	return all
}

// apiServerURL is the URL of the API server, and so the issuer of service account tokens.
func (c *Cluster) apiServerURL() string {
	return "https://" + net.JoinHostPort(c.Address(), apiServerPort)
}
