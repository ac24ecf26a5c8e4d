package check

import (
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// separationFindings are about what lets containers of the pod have the credentials of others, where its status does not say it: an association for
// a container may be younger than the pod. The leading replica cannot say it: of the specs of pods it keeps too little.
func (f podFacts) separationFindings() []Finding {
	var all []Finding
	for _, told := range inject.SharedNotes(f.pod, f.identities.Of(f.pod)) {
		if !strings.Contains(f.pod.Annotations[contract.AnnotationStatus], told) {
			all = append(all, note("containers", "%s", told))
		}
	}
	return all
}
