package auth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"
)

// labelled proves that the service reads the labels of a pod itself, for each session, and names the pod as the source identity.
func labelled(t *testing.T, s *suite) {
	token, client := s.token(t, "tagged", audience), s.client(s.bundle(t))
	ctx, cancel := withTimeout(t)
	defer cancel()
	// until asks until STS was asked for these tags behind the six, and reports how long that took.
	until := func(what string, own ...string) {
		t.Helper()
		begin := time.Now()
		for !slices.ContainsFunc(s.sts.Requests(t), func(r url.Values) bool {
			return r.Get("SourceIdentity") == "tagged" && slices.Equal(tagsOf(r, 7), own)
		}) {
			if a, err := ask(ctx, client, "green", token); err != nil || a.Status != http.StatusOK {
				t.Fatalf("%s: %+v %v, STS was asked %v", what, a, err, s.sts.Requests(t))
			}
		}
		t.Logf("from kubectl until %s: %s", what, time.Since(begin).Round(10*time.Millisecond))
	}
	s.Do(t, "label", "pod", "--namespace=shop", "tagged", "team=shop", "other=x")
	s.Do(t, "patch", "pia", "tagged", "--type=merge", `--patch={"spec":{"sourceIdentity":"PodName","tagLabels":["team","shop.example.com/tier"]}}`)
	until("an association that lists labels counts", "team=shop")
	s.Do(t, "label", "pod", "--namespace=shop", "tagged", "--overwrite", "team=bank", "shop.example.com/tier=web")
	before := len(s.sts.Requests(t))
	until("changed labels count", "shop.example.com/tier=web", "team=bank")
	if asked := len(s.sts.Requests(t)) - before; asked != 1 {
		t.Errorf("%d requests went by before the labels counted, of which the first should have", asked)
	}
}

// tagsOf are the tags of a request from the one of this number on. Each must be transitive.
func tagsOf(r url.Values, first int) []string {
	var tags []string
	for n := first; r.Has("Tags.member." + strconv.Itoa(n) + ".Key"); n++ {
		member := "member." + strconv.Itoa(n)
		if key := r.Get("Tags." + member + ".Key"); r.Get("TransitiveTagKeys."+member) == key {
			tags = append(tags, key+"="+r.Get("Tags."+member+".Value"))
		}
	}
	return tags
}

// injectedLabels proves that sidecar and service agree on the labels of a pod, also when these change: the sidecar takes no session of
// others, and is not ready without one.
func injectedLabels(t *testing.T, s *suite) {
	s.DoWith(t, fmt.Sprintf(`apiVersion: podidentity.dev/v1alpha1
kind: PodIdentityAssociation
metadata: {name: labelled}
spec: {namespace: shop, serviceAccount: tagged, roleARN: "arn:aws:iam::111122223333:role/pods/labelled", sourceIdentity: PodName, tagLabels: [team]}
---
apiVersion: v1
kind: Pod
metadata: {name: labelled, namespace: shop, labels: {team: shop}}
spec:
  serviceAccountName: tagged
  hostAliases: [{ip: %s, hostnames: [pod-identity-auth.pod-identity.svc]}]
  containers: [{name: app, image: %s, command: [sleep, infinity]}]`, s.ip, s.CLIImage), "create", "-f", "-")
	s.Do(t, "wait", "--namespace=shop", "--for=condition=Ready", "pod/labelled", "--timeout=2m")
	s.Do(t, "wait", "--for=condition=Ready", "pia/labelled", "--timeout=3m")
	begin := time.Now()
	s.Do(t, "label", "pod", "--namespace=shop", "labelled", "--overwrite", "team=bank")
	ctx, cancel := withTimeout(t)
	defer cancel()
	for !slices.ContainsFunc(s.sts.Requests(t), func(r url.Values) bool {
		return r.Get("SourceIdentity") == "labelled" && slices.Equal(tagsOf(r, 7), []string{"team=bank"})
	}) {
		if ctx.Err() != nil {
			t.Fatalf("the sidecar has not asked again: %v", s.sts.Requests(t))
		}
	}
	t.Logf("from kubectl until the sidecar asked for a session with the changed label: %s", time.Since(begin).Round(10*time.Millisecond))
	// The answer of STS comes after the question.
	for {
		said, err := s.Kubectl(ctx, nil, "exec", "--namespace=shop", "labelled", "--container=pod-identity", "--", "/sidecar", "probe", "--live")
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(said, err)
		}
	}
}
