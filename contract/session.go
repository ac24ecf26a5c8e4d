package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"strings"
)

// SourceIdentityPodName is the value of Identity.SourceIdentity by which the source identity is the name of the pod.
const SourceIdentityPodName = "PodName"

const (
	// minSourceIdentity and maxSourceIdentity are the limits of STS, in characters (API reference of AssumeRole).
	minSourceIdentity, maxSourceIdentity = 2, 64
	// sourceDigestLength, in hexadecimal characters, makes names differ that were cut.
	sourceDigestLength = 8
)

// PodSourceIdentity is the source identity of the sessions of a pod of this name, or "" for none. STS takes every character of the name of a
// pod, but neither one character nor more than 64: such a name is cut, and followed by a digest. No name has the = between them.
func (id Identity) PodSourceIdentity(pod string) string {
	if id.SourceIdentity != SourceIdentityPodName || pod == "" {
		return ""
	}
	if len(pod) >= minSourceIdentity && len(pod) <= maxSourceIdentity {
		return pod
	}
	sum := sha256.Sum256([]byte(pod))
	return pod[:min(len(pod), maxSourceIdentity-len("=")-sourceDigestLength)] + "=" + hex.EncodeToString(sum[:])[:sourceDigestLength]
}

// For is the identity of a pod with these labels: its Tags are those of TagLabels that the pod has. A label without a value is left out, as
// every tag without one: two empty ones would match a policy that compares them.
func (id Identity) For(labels map[string]string) Identity {
	if id.TagLabels == "" {
		return id
	}
	var tags []string
	for key := range strings.SplitSeq(id.TagLabels, ",") {
		if labels[key] != "" {
			tags = append(tags, key+"="+labels[key])
		}
	}
	id.TagLabels, id.Tags = "", strings.Join(tags, ",")
	return id
}

// OwnTags are Tags by key and value. None shadows a session tag of EKS.
func (id Identity) OwnTags() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for tag := range strings.SplitSeq(id.Tags, ",") {
			key, value, _ := strings.Cut(tag, "=")
			if value != "" && !IsSessionTag(key) && !yield(key, value) {
				return
			}
		}
	}
}

// IsSessionTag reports whether the key is that of a session tag of EKS. STS knows no case in the keys of tags.
func IsSessionTag(key string) bool {
	return slices.ContainsFunc(SessionTags(), func(tag string) bool { return strings.EqualFold(tag, key) })
}

// Actions names, for people, what a trust policy must allow to whoever assumes a role by AssumeRole for this identity.
func (id Identity) Actions() string {
	if id.SourceIdentity != "" {
		return "sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity"
	}
	return "sts:AssumeRole and sts:TagSession"
}
