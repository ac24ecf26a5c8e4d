package cluster

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	utilversion "k8s.io/apimachinery/pkg/util/version"
)

const (
	containerdSocket = "/run/containerd/containerd.sock"
	// flexVolumes would otherwise be created below the host's /usr.
	flexVolumes = "/var/lib/kubelet/flexvolumes"
	// PauseImage is the image of a container that does nothing, which the node has.
	PauseImage = "localhost/podidentity/pause:e2e"
)

// containerdConfig needs no paths of its own for what containerd writes: /run and /var/lib are the node's. The oom score is
// restricted because runc dies without CAP_SYS_RESOURCE otherwise; AppArmor is off because its profile would be loaded into the
// host's kernel and stay there.
const containerdConfig = `version = 2
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "` + PauseImage + `"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "%[1]s"
`

// cniConfig routes each pod to the node by a cable of its own. With a bridge, an answer from pod to pod would pass the
// translation of Service addresses by, unless the host's kernel passes bridged packets to its firewall, which is not ours to
// switch on.
const cniConfig = `{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [{"type": "ptp", "ipam": {"type": "host-local", "ranges": [%s], "routes": [%s]}}]
}
`

func (f Family) cniConfig() []byte {
	ranges := f.each(func(n network) string { return fmt.Sprintf(`[{"subnet": %q, "gateway": %q}]`, n.pods, n.gateway) })
	routes := f.each(func(n network) string { return fmt.Sprintf(`{"dst": %q}`, n.anywhere) })
	return fmt.Appendf(nil, cniConfig, strings.Join(ranges, ", "), strings.Join(routes, ", "))
}

// kubeletConfig differs from the defaults where a node inside another machine must: cgroup v1 may be all there is, there may be
// swap, the disk is shared and may be fairly full, and no image can be pulled again once it was collected.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]s/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: %[1]s/kubelet.crt
tlsPrivateKeyFile: %[1]s/kubelet.key
containerRuntimeEndpoint: unix://` + containerdSocket + `
volumePluginDir: ` + flexVolumes + `
cgroupDriver: cgroupfs
cgroupRoot: /%[2]s
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
makeIPTablesUtilChains: false
oomScoreAdj: 0
clusterDNS: [%[3]s]
clusterDomain: cluster.local
resolvConf: %[1]s/resolv.conf
maxPods: 250
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 50Mi, nodefs.available: 1%%, nodefs.inodesFree: 1%%, imagefs.available: 1%%}
# Every event of a test is wanted, however many there are.
eventRecordQPS: 0
# The defaults slow down a node on which a dozen pods start at once.
kubeAPIQPS: 200
kubeAPIBurst: 400
`

// shortBackOff is for most of a test's time, which is waiting for a restart: at most ten seconds, not five minutes.
const shortBackOff = "crashLoopBackOff: {maxContainerRestartPeriod: 10s}\n"

// kubeletConfigOf is kubeletConfig with what only some versions know, or know behind a feature gate.
func kubeletConfigOf(minor int) string {
	switch {
	case minor >= 35:
		return kubeletConfig + shortBackOff
	case minor >= 32:
		return kubeletConfig + shortBackOff + "featureGates: {KubeletCrashLoopBackOffMax: true}\n"
	}
	return kubeletConfig
}

// admissionConfig takes pods of the system's priority classes only in namespaces with a quota for these, as GKE does.
const admissionConfig = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: ResourceQuota
    configuration:
      apiVersion: apiserver.config.k8s.io/v1
      kind: ResourceQuotaConfiguration
      limitedResources:
        - resource: pods
          matchScopes:
            - {scopeName: PriorityClass, operator: In, values: [system-node-critical, system-cluster-critical]}
`

// proxyConfig leaves conntrack's limits alone: they belong to the host's kernel.
const proxyConfig = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: %[1]s/kube-proxy.kubeconfig}
clusterCIDR: "%[2]s"
bindAddress: "%[3]s"
conntrack: {maxPerCore: 0, min: 0}
`

// proxyConfigOf is proxyConfig with a feature gate for a version in which nftables are not yet a matter of course.
func proxyConfigOf(minor int) string {
	if minor >= 31 {
		return proxyConfig
	}
	return proxyConfig + "featureGates: {NFTablesProxyMode: true}\n"
}

func (c *Cluster) writeNodeConfig() error {
	config := c.path("config")
	minor, err := c.minor()
	if err != nil {
		return err
	}
	dns := c.Family.each(func(n network) string { return strconv.Quote(n.dns) })
	pods := c.Family.each(func(n network) string { return n.pods })
	// What it listens on does not matter, but the family of that counts where it does not know the node's yet.
	anywhere, _, _ := strings.Cut(c.Family.networks()[0].anywhere, "/")
	return errors.Join(
		c.writeFile("containerd.toml", fmt.Appendf(nil, containerdConfig, c.path("config", "cni"))),
		c.writeFile("cni/pods.conflist", c.Family.cniConfig()),
		c.writeFile("kubelet.yaml", fmt.Appendf(nil, kubeletConfigOf(minor), config, nodeName(c.Name), strings.Join(dns, ", "))),
		c.writeFile("admission.yaml", []byte(admissionConfig)),
		c.writeFile("audit.yaml", []byte(auditPolicy)),
		c.writeFile("kube-proxy.yaml", fmt.Appendf(nil, proxyConfigOf(minor), config, strings.Join(pods, ","), anywhere)),
		// The host's name servers cannot be reached from here; a pod that asks for them gets none.
		c.writeFile("resolv.conf", nil),
	)
}

// minor is the second number of the cluster's version.
func (c *Cluster) minor() (int, error) {
	version, err := utilversion.ParseSemantic(c.Binaries.KubernetesVersion)
	if err != nil {
		return 0, fmt.Errorf("read the version of Kubernetes: %w", err)
	}
	return int(version.Minor()), nil
}
