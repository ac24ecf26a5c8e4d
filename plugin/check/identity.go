package check

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// identityFindings compare what is written in the pod with what should be.
func (f podFacts) identityFindings() []Finding {
	const check = "identity"
	have, want := written(f.pod), f.identities.Of(f.pod).String()
	_, err := contract.ParseIdentities([]byte(have))
	age := f.now.Sub(f.pod.CreationTimestamp.Time)
	switch {
	case have == want && want == "":
		return []Finding{note(check, "the pod has none")}
	case have == want:
		return []Finding{ok(check, "the pod has the one that it should have")}
	case age < settling:
		return []Finding{note(check, "the pod is %s old, and gets another within seconds", age.Round(time.Second))}
	case err != nil:
		return []Finding{wrong(check, recreate(f.pod), "what is written in the pod cannot be read: %v", err)}
	}
	return []Finding{wrong(check, "kubectl pod-identity check: the leading replica corrects it within a second", "the pod has %s, and should have %s", orNone(have), orNone(want))}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func (f podFacts) tokenFindings() []Finding {
	const check = "token"
	got, found := audience(f.pod)
	if !found {
		return []Finding{wrong(check, recreate(f.pod), "the volume %s of the pod has no service account token", contract.VolumeName)}
	}
	want := expectedAudience(f.installation.Config.Injection)
	if f.installation.Known() && got != want {
		return []Finding{wrong(check, recreate(f.pod), "its audience is %s, and that of new pods %s: whoever expects the new one refuses it", got, want)}
	}
	return []Finding{ok(check, "its audience is %s", got)}
}

func audience(pod *corev1.Pod) (audience string, found bool) {
	for _, volume := range pod.Spec.Volumes {
		if volume.Name != contract.VolumeName || volume.Projected == nil {
			continue
		}
		for _, source := range volume.Projected.Sources {
			if source.ServiceAccountToken != nil {
				return source.ServiceAccountToken.Audience, true
			}
		}
	}
	return "", false
}

func expectedAudience(settings inject.Settings) string {
	switch {
	case settings.Audience != "":
		return settings.Audience
	case settings.UsesEKSAuth():
		return contract.AuthAudience
	}
	return contract.STSAudience
}
