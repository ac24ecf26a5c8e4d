package inject

import (
	"encoding/json"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/contract"
)

// Injector decides about the pods of an installation and writes their patches. What is the same for many pods it encodes once: to encode
// the sidecar takes longer than to decide.
type Injector struct {
	settings Settings
	// ofSidecar is what containers get of a pod with a sidecar, ofToken what they get of one with a token of its own.
	ofSidecar, ofToken client

	mu       sync.Mutex
	sidecars map[sidecarKey]json.RawMessage
}

type encodedVolume struct {
	name string
	json json.RawMessage
}

// maxSidecars is how many encoded sidecars are kept, of 2 KB each. An installation needs one or two, and one more for each port, user
// and LimitRange that makes a difference.
const maxSidecars = 64

// NewInjector returns one for an installation.
func NewInjector(settings Settings) *Injector {
	return &Injector{
		settings:  settings,
		ofSidecar: newClient(contract.AuthorizationMountPath, contract.AuthorizationVolumeName, volumes(settings)...),
		ofToken:   newClient(contract.WebIdentityMountPath, contract.WebIdentityVolumeName, webIdentityVolume(settings)),
		sidecars:  map[sidecarKey]json.RawMessage{},
	}
}

func (i *Injector) client(options podOptions) client {
	if options.webIdentity != nil {
		return i.ofToken
	}
	return i.ofSidecar
}

// Decide is Decide with the settings of the installation.
func (i *Injector) Decide(in Input) Decision { return Decide(in, i.settings) }

// sidecarKey has all that the sidecars of an installation differ in.
type sidecarKey struct {
	options          sidecarOptions
	user             int64
	hasUser          bool
	requests, limits computeResources
}

// computeResources are a corev1.ResourceList that can be compared. One that is not set has no format.
type computeResources struct{ cpu, memory resource.Quantity }

// computeResourcesOf fails for lists with other resources.
func computeResourcesOf(list corev1.ResourceList) (r computeResources, ok bool) {
	r = computeResources{list[corev1.ResourceCPU], list[corev1.ResourceMemory]}
	known := 0
	for _, quantity := range []resource.Quantity{r.cpu, r.memory} {
		if quantity.Format != "" {
			known++
		}
	}
	return r, known == len(list)
}

// keyOf fails for sidecars that no other pod has.
func keyOf(decision Decision, user *int64) (key sidecarKey, ok bool) {
	key.options = decision.options.sidecarOptions
	if user != nil {
		key.user, key.hasUser = *user, true
	}
	var requests, limits bool
	key.requests, requests = computeResourcesOf(decision.resources.Requests)
	key.limits, limits = computeResourcesOf(decision.resources.Limits)
	return key, requests && limits && key.options.token == ""
}

// sidecar is the container that injection adds to the pod.
func (i *Injector) sidecar(pod *corev1.Pod, decision Decision) json.RawMessage {
	user := user(pod)
	build := func() json.RawMessage {
		return encode(sidecar(decision.options.sidecarOptions, decision.resources, user, i.settings))
	}
	key, ok := keyOf(decision, user)
	if !ok {
		return build()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	text, ok := i.sidecars[key]
	if !ok {
		text = build()
		if len(i.sidecars) == maxSidecars {
			clear(i.sidecars)
		}
		i.sidecars[key] = text
	}
	return text
}
