package preview

import (
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	strictjson "sigs.k8s.io/json"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// fieldRule is what the API server requires of one field of an association's spec. A test compares these rules with the CRD.
type fieldRule struct {
	field, pattern string
	maxLength      int
	required       bool
	message        string
}

func fieldRules() []fieldRule {
	const roleARN = `^arn:[a-z0-9-]+:iam:[a-z0-9-]*:([0-9]{12})?:role/[a-zA-Z0-9_+=,.@/-]+$`
	return []fieldRule{
		{"namespace", `^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$`, 63, true, "namespace must be the name of a Kubernetes namespace, in which * may stand for any characters: lower-case letters, digits and '-', beginning and ending with a letter or digit"},
		{"serviceAccount", `^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?([.][a-z0-9*]([-a-z0-9*]*[a-z0-9*])?)*$`, 253, true, "serviceAccount must be the name of a Kubernetes service account, in which * may stand for any characters: lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"},
		{"container", `^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$`, 63, false, "container must be the name of a container, in which * may stand for any characters: lower-case letters, digits and '-', beginning and ending with a letter or digit"},
		{"roleARN", roleARN, 2048, true, "roleARN must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/reader"},
		{"targetRoleARN", roleARN, 2048, false, "targetRoleARN must be the ARN of an IAM role, such as arn:aws:iam::444455556666:role/target"},
		{"externalID", `^[a-zA-Z0-9_+=,.@:/-]{2,}$`, 1224, false, "externalID must be at least 2 characters out of letters, digits and _+=,.@:/-"},
		{"policy", `^\s*[{](.|\s)*[}]\s*$`, 2048, false, "policy must be the JSON text of an IAM policy: it begins with { and ends with }"},
		{"sessionDuration", `^([0-9]+[hms])+$`, 16, false, sessionDurationMessage},
		{"sourceIdentity", `^PodName$`, 16, false, "sourceIdentity must be PodName: set it so, or remove it"},
	}
}

// The messages of the rules that are more than a pattern.
const (
	sessionDurationMessage = "sessionDuration must be a duration with units between 15m and 12h, such as 1h30m"
	externalIDMessage      = "externalID is sent only with the assumption of targetRoleARN: set targetRoleARN, or remove externalID"
	policyMessage          = "policy and session tags exclude each other, as in EKS: set disableSessionTags to true, or remove policy"
)

// readAssociation reads an association, and returns everything for which kubectl or the API server would refuse it.
func readAssociation(o object) (*v1alpha1.PodIdentityAssociation, []error) {
	if o.GetAPIVersion() != v1alpha1.GroupVersion().String() {
		return nil, []error{fmt.Errorf("its apiVersion is %s: set it to %s", o.GetAPIVersion(), v1alpha1.GroupVersion())}
	}
	a := new(v1alpha1.PodIdentityAssociation)
	unknown, err := strictjson.UnmarshalStrict(o.raw, a)
	if err != nil {
		return nil, []error{explain(err)}
	}
	var errs []error
	for _, err := range unknown {
		errs = append(errs, fmt.Errorf("%w: remove it, or spell it as in `kubectl explain pia.spec`", err))
	}
	if a.Name == "" {
		errs = append(errs, errors.New("metadata.name is empty: give the association a name"))
	}
	return a, append(errs, checkSpec(o, a.Spec)...)
}

func checkSpec(o object, spec v1alpha1.PodIdentityAssociationSpec) []error {
	// The typed spec does not tell an empty string, which the API server refuses, from an absent one.
	given, _ := o.Object["spec"].(map[string]any)
	var errs []error
	for _, r := range fieldRules() {
		value, set := given[r.field].(string)
		switch {
		case !set && !r.required:
		case !set:
			errs = append(errs, fmt.Errorf("spec.%s is missing: %s", r.field, r.message))
		case utf8.RuneCountInString(value) > r.maxLength:
			errs = append(errs, fmt.Errorf("spec.%s has more than %d characters: shorten it", r.field, r.maxLength))
		case !regexp.MustCompile(r.pattern).MatchString(value) || r.field == "sessionDuration" && !validDuration(value):
			errs = append(errs, fmt.Errorf("spec.%s is %q: %s", r.field, value, r.message))
		}
	}
	if given["externalID"] != nil && given["targetRoleARN"] == nil {
		errs = append(errs, errors.New("spec."+externalIDMessage))
	}
	if given["policy"] != nil && !spec.DisableSessionTags {
		errs = append(errs, errors.New("spec."+policyMessage))
	}
	if given["tagLabels"] != nil && spec.DisableSessionTags {
		errs = append(errs, errors.New("spec."+tagsDisabledMessage))
	}
	return append(errs, checkTagLabels(spec.TagLabels)...)
}

func validDuration(text string) bool {
	duration, err := time.ParseDuration(text)
	return err == nil && duration >= 15*time.Minute && duration <= 12*time.Hour
}
