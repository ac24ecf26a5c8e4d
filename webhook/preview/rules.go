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

// rule is what the API server demands of one field of an association's spec. A test compares the rules with the CRD.
type rule struct {
	field, pattern string
	longest        int
	required       bool
	message        string
}

func rules() []rule {
	const roleARN = `^arn:[a-z0-9-]+:iam:[a-z0-9-]*:([0-9]{12})?:role/[a-zA-Z0-9_+=,.@/-]+$`
	return []rule{
		{"namespace", `^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$`, 63, true, "namespace must be the name of a Kubernetes namespace, in which * may stand for any characters: lower-case letters, digits and '-', beginning and ending with a letter or digit"},
		{"serviceAccount", `^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?([.][a-z0-9*]([-a-z0-9*]*[a-z0-9*])?)*$`, 253, true, "serviceAccount must be the name of a Kubernetes service account, in which * may stand for any characters: lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"},
		{"roleARN", roleARN, 2048, true, "roleARN must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/reader"},
		{"targetRoleARN", roleARN, 2048, false, "targetRoleARN must be the ARN of an IAM role, such as arn:aws:iam::444455556666:role/target"},
		{"externalID", `^[a-zA-Z0-9_+=,.@:/-]{2,}$`, 1224, false, "externalID must be at least 2 characters out of letters, digits and _+=,.@:/-"},
		{"policy", `^\s*[{](.|\s)*[}]\s*$`, 2048, false, "policy must be the JSON text of an IAM policy: it begins with { and ends with }"},
		{"sessionDuration", `^([0-9]+[hms])+$`, 16, false, sessionDurationMessage},
	}
}

// The rules that are more than a pattern.
const (
	sessionDurationMessage = "sessionDuration must be a duration with units between 15m and 12h, such as 1h30m"
	externalIDMessage      = "externalID is sent only with the assumption of targetRoleARN: set targetRoleARN, or remove externalID"
	policyMessage          = "policy and session tags exclude each other, as in EKS: set disableSessionTags to true, or remove policy"
)

// readStrictly reads an association as kubectl and the API server do, and returns all that they would refuse.
func readStrictly(o object, a *v1alpha1.PodIdentityAssociation) []error {
	if o.GetAPIVersion() != v1alpha1.GroupVersion().String() {
		return []error{fmt.Errorf("its apiVersion is %s: set it to %s", o.GetAPIVersion(), v1alpha1.GroupVersion())}
	}
	unknown, err := strictjson.UnmarshalStrict(o.raw, a)
	if err != nil {
		return []error{worded(err)}
	}
	var complaints []error
	for _, err := range unknown {
		complaints = append(complaints, fmt.Errorf("%w: remove it, or spell it as `kubectl explain pia.spec` does", err))
	}
	if a.Name == "" {
		complaints = append(complaints, errors.New("metadata.name is empty: give the association a name"))
	}
	return append(complaints, check(o, a.Spec)...)
}

func check(o object, spec v1alpha1.PodIdentityAssociationSpec) []error {
	// An empty text is not the same as none: the API server refuses it.
	given, _ := o.Object["spec"].(map[string]any)
	var complaints []error
	for _, r := range rules() {
		value, set := given[r.field].(string)
		switch {
		case !set && !r.required:
		case !set:
			complaints = append(complaints, fmt.Errorf("spec.%s is missing: %s", r.field, r.message))
		case utf8.RuneCountInString(value) > r.longest:
			complaints = append(complaints, fmt.Errorf("spec.%s has more than %d characters: shorten it", r.field, r.longest))
		case !regexp.MustCompile(r.pattern).MatchString(value) || r.field == "sessionDuration" && !legalDuration(value):
			complaints = append(complaints, fmt.Errorf("spec.%s is %q: %s", r.field, value, r.message))
		}
	}
	if given["externalID"] != nil && given["targetRoleARN"] == nil {
		complaints = append(complaints, errors.New("spec."+externalIDMessage))
	}
	if given["policy"] != nil && !spec.DisableSessionTags {
		complaints = append(complaints, errors.New("spec."+policyMessage))
	}
	return complaints
}

func legalDuration(text string) bool {
	duration, err := time.ParseDuration(text)
	return err == nil && duration >= 15*time.Minute && duration <= 12*time.Hour
}
