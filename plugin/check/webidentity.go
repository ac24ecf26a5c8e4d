package check

import (
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// ownToken reports whether the applications of a pod have its token themselves, and no sidecar.
func (f podFacts) ownToken() bool { return inject.HasWebIdentity(f.pod) && !inject.HasSidecar(f.pod) }

// keptFindings are about a pod with a token of its own: nobody changes its role while it runs.
func (f podFacts) keptFindings() []Finding {
	const check = "identity"
	if have, want := written(f.pod), f.identities.Of(f.pod).String(); have != want {
		return []Finding{wrong(check, recreate(f.pod), "with %s: %s the pod keeps %s, and created again it gets %s",
			contract.AnnotationAuthorization, contract.AuthorizationWebIdentity, orNone(have), orNone(want))}
	}
	return []Finding{ok(check, "the pod has the one that it should have, and asks STS itself")}
}
