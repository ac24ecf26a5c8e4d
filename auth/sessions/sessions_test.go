package sessions_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/ststest"
)

const (
	role   = "arn:aws:iam::111122223333:role/team/reader"
	target = "arn:aws:iam::444455556666:role/target"
	uid    = "0a1b2c3d-0000-4000-8000-000000000001"
	arn    = "arn:aws:eks:eu-central-1:111122223333:cluster/green"
)

func pod() tokens.Pod {
	return tokens.Pod{Namespace: "shop", ServiceAccount: "front", Name: "web-0", UID: uid}
}

func issuer(t *testing.T, sts *ststest.STS) *sessions.Issuer {
	t.Helper()
	i, err := sessions.New(sts.Config(), sessions.Settings{
		Endpoint: sts.URL, Rate: 1000, ClusterName: "green", ClusterARN: arn,
	}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestRequestsToSTS(t *testing.T) {
	const policy = `{"Version":"2012-10-17","Statement":[]}`
	for name, test := range map[string]struct {
		identity      contract.Identity
		first, second map[string]string
		tags          bool
		own           []string
	}{
		"the role, with the six tags": {
			contract.Identity{RoleARN: role},
			map[string]string{"RoleArn": role, "DurationSeconds": "", "Policy": "", "ExternalId": ""}, nil, true, nil,
		},
		"the role for as long as the association says": {
			contract.Identity{RoleARN: role, SessionDuration: contract.Duration(12 * time.Hour)},
			map[string]string{"DurationSeconds": "43200"}, nil, true, nil,
		},
		"the role under the session policy, without tags": {
			contract.Identity{RoleARN: role, DisableSessionTags: true, Policy: policy},
			map[string]string{"Policy": policy}, nil, false, nil,
		},
		"the target by way of the role, with tags but no external id": {
			contract.Identity{RoleARN: role, TargetRoleARN: target},
			map[string]string{"RoleArn": role, "DurationSeconds": "900", "ExternalId": ""},
			map[string]string{"RoleArn": target, "DurationSeconds": "", "ExternalId": ""}, true, nil,
		},
		"the target with EKS's external id where no tags tell who asks": {
			contract.Identity{RoleARN: role, TargetRoleARN: target, DisableSessionTags: true},
			map[string]string{"ExternalId": ""},
			map[string]string{"ExternalId": "eu-central-1/111122223333/green/shop/front"}, false, nil,
		},
		"the target with the association's own external id": {
			contract.Identity{RoleARN: role, TargetRoleARN: target, DisableSessionTags: true, ExternalID: "own"},
			map[string]string{"ExternalId": ""}, map[string]string{"ExternalId": "own"}, false, nil,
		},
		"the target alone under the session policy, for an hour at most": {
			contract.Identity{RoleARN: role, TargetRoleARN: target, DisableSessionTags: true, Policy: policy, SessionDuration: contract.Duration(12 * time.Hour)},
			map[string]string{"Policy": "", "DurationSeconds": "900"},
			map[string]string{"Policy": policy, "DurationSeconds": "3600"}, false, nil,
		},
		"the role with the name of the pod as source identity, and with tags of its own behind the six": {
			contract.Identity{RoleARN: role, SourceIdentity: contract.SourceIdentityPodName, Tags: "shop.example.com/tier=web,team=shop"},
			map[string]string{"SourceIdentity": "web-0"}, nil, true, []string{"shop.example.com/tier=web", "team=shop"},
		},
		"the target inherits both from the role": {
			contract.Identity{RoleARN: role, TargetRoleARN: target, SourceIdentity: contract.SourceIdentityPodName, Tags: "team=shop"},
			map[string]string{"SourceIdentity": "web-0"}, map[string]string{"SourceIdentity": ""}, true, []string{"team=shop"},
		},
		"a source identity without any tags": {
			contract.Identity{RoleARN: role, SourceIdentity: contract.SourceIdentityPodName, DisableSessionTags: true, Tags: "team=shop"},
			map[string]string{"SourceIdentity": "web-0"}, nil, false, nil,
		},
		"no tag of its own that has the key of one of the six": {
			contract.Identity{RoleARN: role, Tags: "Kubernetes-Namespace=kube-system,eks-cluster-name=blue,team=shop"},
			map[string]string{"SourceIdentity": ""}, nil, true, []string{"team=shop"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sts := ststest.New(t)
			s, cached, err := issuer(t, sts).Session(t.Context(), pod(), test.identity)
			if err != nil || cached {
				t.Fatal(cached, err)
			}
			requests, hops := sts.Requests(), 1
			if test.second != nil {
				hops = 2
			}
			if len(requests) != hops || len(s.RequestIDs) != hops || requests[0].AccessKeyID != "AKIAOWN" {
				t.Fatalf("requests %v, request IDs %v", requests, s.RequestIDs)
			}
			assertTags(t, requests[0], test.tags, test.own...)
			assertRequest(t, requests[0], test.first)
			if hops == 2 {
				// STS refuses a tag that is transitive already.
				assertTags(t, requests[1], false)
				assertRequest(t, requests[1], test.second)
				if requests[1].AccessKeyID != "ASIA1" {
					t.Errorf("the second hop is signed by %s", requests[1].AccessKeyID)
				}
			}
		})
	}
}

func assertRequest(t *testing.T, r ststest.Request, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if r.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, r.Get(name), value)
		}
	}
	if r.Get("Action") != "AssumeRole" || r.Get("RoleSessionName") != "eks-green-web-0-"+uid {
		t.Errorf("action %s, session %s", r.Get("Action"), r.Get("RoleSessionName"))
	}
}

// assertTags expects the six tags of EKS and those of the pod's own, all transitive, or none.
func assertTags(t *testing.T, r ststest.Request, all bool, own ...string) {
	t.Helper()
	var tags, transitive []string
	for n := 1; r.Has("Tags.member." + strconv.Itoa(n) + ".Key"); n++ {
		member := "Tags.member." + strconv.Itoa(n)
		tags = append(tags, r.Get(member+".Key")+"="+r.Get(member+".Value"))
	}
	for n := 1; r.Has("TransitiveTagKeys.member." + strconv.Itoa(n)); n++ {
		transitive = append(transitive, r.Get("TransitiveTagKeys.member."+strconv.Itoa(n))+"=")
	}
	var want []string
	if all {
		want = []string{
			"eks-cluster-arn=" + arn, "eks-cluster-name=green", "kubernetes-namespace=shop",
			"kubernetes-service-account=front", "kubernetes-pod-name=web-0", "kubernetes-pod-uid=" + uid,
		}
	}
	want = append(want, own...)
	if !slices.Equal(tags, want) || !slices.EqualFunc(tags, transitive, strings.HasPrefix) {
		t.Errorf("tags %v, transitive %v", tags, transitive)
	}
}
