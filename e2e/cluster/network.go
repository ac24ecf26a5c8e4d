package cluster

import "net"

// The addresses of a cluster. Every cluster has the same: each is alone in its network namespace, and none of them is
// reachable from outside it.
const (
	// NodeAddress is the address of the node. The API server listens on it, and so may whatever pods must reach.
	NodeAddress = "172.31.255.1"
	// apiServerPort is the port of the API server on the node.
	apiServerPort = "6443"
	podCIDR       = "10.244.0.0/16"
	// podGateway is the first address of podCIDR, which the CNI plugin gives to the node's end of every pod's cable.
	podGateway  = "10.244.0.1"
	serviceCIDR = "10.96.0.0/16"
	// apiServerService is the first address of serviceCIDR: the Service `kubernetes`.
	apiServerService = "10.96.0.1"
	// dnsService is where a cluster's DNS would be. There is none: what runs here finds the API server by
	// KUBERNETES_SERVICE_HOST and everything else by address. Without this setting the kubelet adds a warning about missing DNS
	// to every pod; with it, a lookup is refused at once, since kube-proxy rejects a Service that does not exist.
	dnsService = "10.96.0.10"
)

// links are iproute2's commands for the node's network. A bridge without ports serves as the card of a machine that has none:
// the kernel of a small virtual machine lacks the module for a dummy, and a bridge it needs for containers anyway. The default
// route leads nowhere; it is there because daemons choose their address by it, and because a packet to a Service
// must have a route before kube-proxy's rules turn it elsewhere.
const links = `
link set lo up
link add node0 type bridge
addr add ` + NodeAddress + `/32 dev node0
link set node0 up
route add default dev node0 src ` + NodeAddress + `
`

// apiServer is the URL of the API server, and so the issuer of service account tokens.
func apiServer() string {
	return "https://" + net.JoinHostPort(NodeAddress, apiServerPort)
}
