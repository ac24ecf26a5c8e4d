package preview

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// What the API server requires of tagLabels. A test compares these with the CRD.
const (
	maxTagLabels    = 10
	maxTagKey       = 128
	tagLabelPattern = `^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$`

	tagLabelMessage     = "tagLabels must be keys of labels, such as team or shop.example.com/team"
	shadowingMessage    = "tagLabels must not have the key of a session tag of EKS, such as kubernetes-namespace: choose another label"
	twiceMessage        = "tagLabels must not have a key twice, and STS knows no case in the keys of tags: remove one of them"
	tagsDisabledMessage = "tagLabels are sent with the session tags: remove disableSessionTags, or remove tagLabels"
)

func checkTagLabels(keys []string) []error {
	var errs []error
	if len(keys) > maxTagLabels {
		errs = append(errs, fmt.Errorf("spec.tagLabels has more than %d keys: remove some", maxTagLabels))
	}
	for i, key := range keys {
		same := func(other string) bool { return strings.EqualFold(other, key) }
		switch {
		case len(key) > maxTagKey:
			errs = append(errs, fmt.Errorf("spec.tagLabels[%d] has more than %d characters: choose another label", i, maxTagKey))
		case !regexp.MustCompile(tagLabelPattern).MatchString(key):
			errs = append(errs, fmt.Errorf("spec.tagLabels has %q: %s", key, tagLabelMessage))
		case contract.IsSessionTag(key):
			errs = append(errs, fmt.Errorf("spec.tagLabels has %q: %s", key, shadowingMessage))
		case slices.ContainsFunc(keys[:i], same):
			errs = append(errs, fmt.Errorf("spec.tagLabels has %q: %s", key, twiceMessage))
		}
	}
	return errs
}
