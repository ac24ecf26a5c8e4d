package cluster

import (
	"errors"
	"fmt"
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
  "plugins": [
    {
      "type": "ptp",
      "ipam": {"type": "host-local", "ranges": [[{"subnet": "` + podCIDR + `", "gateway": "` + podGateway + `"}]], "routes": [{"dst": "0.0.0.0/0"}]}
    }
  ]
}
`

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
clusterDNS: ["` + dnsService + `"]
clusterDomain: cluster.local
resolvConf: %[1]s/resolv.conf
maxPods: 250
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 50Mi, nodefs.available: 1%%, nodefs.inodesFree: 1%%, imagefs.available: 1%%}
# Waiting for a restart is most of a test's time: at most ten seconds, not five minutes.
crashLoopBackOff: {maxContainerRestartPeriod: 10s}
# Every event of a test is wanted, however many there are.
eventRecordQPS: 0
# The defaults slow down a node on which a dozen pods start at once.
kubeAPIQPS: 200
kubeAPIBurst: 400
`

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
clusterCIDR: ` + podCIDR + `
conntrack: {maxPerCore: 0, min: 0}
`

func (c *Cluster) writeNodeConfig() error {
	config := c.path("config")
	return errors.Join(
		c.writeFile("containerd.toml", fmt.Appendf(nil, containerdConfig, c.path("config", "cni"))),
		c.writeFile("cni/pods.conflist", []byte(cniConfig)),
		c.writeFile("kubelet.yaml", fmt.Appendf(nil, kubeletConfig, config, nodeName(c.name))),
		c.writeFile("admission.yaml", []byte(admissionConfig)),
		c.writeFile("audit.yaml", []byte(auditPolicy)),
		c.writeFile("kube-proxy.yaml", fmt.Appendf(nil, proxyConfig, config)),
		// The host's name servers cannot be reached from here; a pod that asks for them gets none.
		c.writeFile("resolv.conf", nil),
	)
}
