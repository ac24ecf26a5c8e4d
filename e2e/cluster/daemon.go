package cluster

import (
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/e2e/machine/node"
)

// daemon is one component of the cluster.
type daemon struct {
	name string
	env  []string
	argv []string
}

// etcd keeps the cluster's objects. It listens on the loopback of the node alone, which no pod shares: no TLS is needed. What
// it stores need not survive the machine's power: no fsync.
func (c *Cluster) etcd() daemon {
	const clients, peers = "http://" + etcdAddress, "http://127.0.0.1:2380"
	return daemon{name: "etcd", argv: []string{
		filepath.Join(c.Binaries.Etcd, "etcd"),
		"--data-dir=/var/lib/etcd",
		"--unsafe-no-fsync",
		"--name=" + nodeName(c.Name),
		"--listen-client-urls=" + clients,
		"--advertise-client-urls=" + clients,
		"--listen-peer-urls=" + peers,
		"--initial-advertise-peer-urls=" + peers,
		"--initial-cluster=" + nodeName(c.Name) + "=" + peers,
	}}
}

const (
	etcdAddress = "127.0.0.1:2379"
	// frontProxy is the name by which the API server vouches for users to other API servers.
	frontProxy = "front-proxy-client"
)

// apiServer has the admission plugins and the authorizers that a cluster of kubeadm's has.
func (c *Cluster) apiServer() daemon {
	return daemon{name: "kube-apiserver", argv: []string{
		c.kubernetes("kube-apiserver"),
		"--etcd-servers=http://" + etcdAddress,
		"--advertise-address=" + c.Address(),
		"--secure-port=" + apiServerPort,
		"--service-cluster-ip-range=" + strings.Join(c.Family.each(func(n network) string { return n.services }), ","),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--admission-control-config-file=" + c.file("admission.yaml"),
		"--audit-policy-file=" + c.file("audit.yaml"),
		"--audit-log-path=" + c.auditLog(),
		"--allow-privileged",
		// It dials the endpoints of a webhook's Service itself, so that calls to it do not wait for kube-proxy.
		"--enable-aggregator-routing",
		"--client-ca-file=" + c.file("ca.crt"),
		"--tls-cert-file=" + c.file("kube-apiserver.crt"),
		"--tls-private-key-file=" + c.file("kube-apiserver.key"),
		// By its address, not its name: there is no DNS.
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-certificate-authority=" + c.file("ca.crt"),
		"--kubelet-client-certificate=" + c.file("kube-apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + c.file("kube-apiserver-kubelet-client.key"),
		// Nothing is aggregated here, but without this the controllers complain in their logs every few seconds.
		"--requestheader-client-ca-file=" + c.file("ca.crt"),
		"--requestheader-allowed-names=" + frontProxy,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.file(frontProxy+".crt"),
		"--proxy-client-key-file=" + c.file(frontProxy+".key"),
		"--service-account-issuer=" + c.apiServerURL(),
		"--service-account-jwks-uri=" + c.apiServerURL() + "/openid/v1/jwks",
		"--service-account-key-file=" + c.file("service-accounts.pub"),
		"--service-account-signing-key-file=" + c.file("service-accounts.key"),
	}}
}

// controllerManager elects no leader, because it is alone: it would wait for a lease first.
func (c *Cluster) controllerManager() daemon {
	kubeconfig := c.file("kube-controller-manager.kubeconfig")
	return daemon{name: "kube-controller-manager", argv: []string{
		c.kubernetes("kube-controller-manager"),
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
		"--use-service-account-credentials",
		// It makes a service account for each controller first: at the default rate that takes longer than all else.
		"--kube-api-qps=500",
		"--kube-api-burst=500",
		"--root-ca-file=" + c.file("ca.crt"),
		"--service-account-private-key-file=" + c.file("service-accounts.key"),
		"--cluster-signing-cert-file=" + c.file("ca.crt"),
		"--cluster-signing-key-file=" + c.file("ca.key"),
		"--flex-volume-plugin-dir=" + flexVolumes,
	}}
}

func (c *Cluster) scheduler() daemon {
	kubeconfig := c.file("kube-scheduler.kubeconfig")
	return daemon{name: "kube-scheduler", argv: []string{
		c.kubernetes("kube-scheduler"),
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
	}}
}

func (c *Cluster) proxy() daemon {
	return daemon{name: "kube-proxy", argv: []string{
		c.kubernetes("kube-proxy"),
		"--config=" + c.file("kube-proxy.yaml"),
		"--hostname-override=" + nodeName(c.Name),
	}}
}

// containerd finds its shim and runc by the PATH, on which the machine's come last.
func (c *Cluster) containerd() daemon {
	runtime := c.Binaries.Runtime
	d := daemon{name: "containerd", argv: []string{runtime.Program("containerd"), "--config=" + c.file("containerd.toml")}}
	if runtime.Containerd != "" {
		d.env = []string{"PATH=" + strings.Join([]string{runtime.Containerd, runtime.Runc, node.Path}, ":")}
	}
	return d
}

func (c *Cluster) kubelet() daemon {
	return daemon{name: "kubelet", argv: []string{
		c.kubernetes("kubelet"),
		"--config=" + c.file("kubelet.yaml"),
		"--kubeconfig=" + c.file("kubelet.kubeconfig"),
		"--hostname-override=" + nodeName(c.Name),
		"--node-ip=" + strings.Join(c.Family.nodes(), ","),
	}}
}

func (c *Cluster) kubernetes(binary string) string {
	return filepath.Join(c.Binaries.Kubernetes, binary)
}
