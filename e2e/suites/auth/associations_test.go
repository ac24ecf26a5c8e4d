package auth_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

func tagged(t *testing.T, s *suite) {
	s.sts.Set(t, platform.Answering)
	s.must(t, s.token(t, "tagged", audience))
	requests := s.sts.Requests(t)
	if len(requests) != 1 {
		t.Fatalf("STS was asked %v", requests)
	}
	uid := s.Do(t, "get", "pod", "--namespace=shop", "tagged", "-o=jsonpath={.metadata.uid}")
	if name := requests[0].Get("RoleSessionName"); name != "eks-green-tagged-"+uid {
		t.Errorf("the session is named %s", name)
	}
	for n, want := range []string{
		"eks-cluster-arn=arn:aws:eks:us-east-1:111122223333:cluster/green", "eks-cluster-name=green", "kubernetes-namespace=shop",
		"kubernetes-service-account=tagged", "kubernetes-pod-name=tagged", "kubernetes-pod-uid=" + uid,
	} {
		member := "member." + string(rune('1'+n))
		key, _, _ := strings.Cut(want, "=")
		if got := requests[0].Get("Tags."+member+".Key") + "=" + requests[0].Get("Tags."+member+".Value"); got != want || requests[0].Get("TransitiveTagKeys."+member) != key {
			t.Errorf("tag %d is %s, want %s", n, got, want)
		}
	}
}

func liveAssociation(t *testing.T, s *suite) {
	token := s.token(t, "tagged", audience)
	s.must(t, token)
	begin := time.Now()
	s.Do(t, "patch", "pia", "tagged", "--type=merge", `--patch={"spec":{"roleARN":"arn:aws:iam::111122223333:role/pods/other"}}`)
	client := s.client(s.bundle(t))
	ctx, cancel := withTimeout(t)
	defer cancel()
	for {
		a, err := ask(ctx, client, "green", token)
		if err != nil || a.Status != http.StatusOK {
			t.Fatalf("%+v %v", a, err)
		}
		if strings.Contains(a.AssumedRoleUser.ARN, "/other/") {
			break
		}
	}
	t.Logf("from kubectl to the first session of another role: %s", time.Since(begin).Round(10*time.Millisecond))
	begin = time.Now()
	s.Do(t, "delete", "pia", "tagged")
	for {
		a, err := ask(ctx, client, "green", token)
		if err != nil {
			t.Fatal(err)
		}
		if a.Type == "ResourceNotFoundException" {
			break
		}
	}
	t.Logf("from kubectl to the first refusal: %s", time.Since(begin).Round(10*time.Millisecond))
}

func audit(t *testing.T, s *suite) {
	token := s.token(t, "reader", audience)
	a := s.must(t, token)
	log := s.logs(t)
	line := regexp.MustCompile(`(?m)^.*"pod":"reader".*"session issued".*$|^.*"session issued".*"pod":"reader".*$`).FindString(log)
	for _, field := range []string{
		`"namespace":"shop"`, `"serviceAccount":"reader"`, `"uid":"`, `"association":"reader"`, `"role":"arn:aws:iam::111122223333:role/pods/reader"`,
		`"awsRequestIDs":["`, `"requestID":"`, `"expiration":"`,
	} {
		if !strings.Contains(line, field) {
			t.Errorf("%s is not in %s", field, line)
		}
	}
	if !strings.Contains(log, `"session refused"`) || !strings.Contains(log, `"exception":"InvalidTokenException"`) {
		t.Error("no refusal is in the log")
	}
	for _, secret := range []string{token, strings.Split(token, ".")[2], a.Credentials.AccessKeyID} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %.12s...", secret)
		}
	}
}
