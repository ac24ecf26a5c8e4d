package sessions_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/ststest"
)

func TestAnErrorOfSTSIsReportedInItsWordsAndWithARemedy(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		code   string
		want   exception.Kind
		remedy string
		hops   int
	}{
		"the trust policy":                 {403, "AccessDenied", exception.AccessDenied, "sts:TagSession to the AWS identity of the auth service", 1},
		"the trust policy of the target":   {403, "AccessDenied", exception.AccessDenied, "sts:TagSession to " + role, 2},
		"too many calls, as STS says it":   {400, "Throttling", exception.Throttling, "retry later", 1},
		"too many calls, as others say it": {429, "TooManyRequestsException", exception.Throttling, "retry later", 1},
		"the service's own credentials":    {403, "InvalidClientTokenId", exception.InternalServer, "renew the AWS credentials of the auth service", 1},
		"the service's own session":        {400, "ExpiredTokenException", exception.InternalServer, "renew the AWS credentials of the auth service", 1},
		"the session policy":               {400, "MalformedPolicyDocument", exception.InvalidRequest, "correct the policy", 1},
		"the size of the session policy":   {400, "PackedPolicyTooLarge", exception.InvalidRequest, "shorten the policy", 1},
		"the region":                       {403, "RegionDisabledException", exception.InvalidRequest, "enable STS for the region", 1},
		"the duration":                     {400, "ValidationError", exception.InvalidRequest, "sessionDuration", 1},
		"an unknown code":                  {418, "Teapot", exception.InvalidRequest, "correct the association", 1},
		"a failure of its own":             {500, "InternalFailure", exception.ServiceUnavailable, "retry", 1},
	} {
		t.Run(name, func(t *testing.T) {
			sts := ststest.New(t)
			id := contract.Identity{RoleARN: role}
			refuse := ststest.Refuse(test.status, test.code, "in\nthese words")
			sts.Answer(refuse)
			if test.hops == 2 {
				id.TargetRoleARN = target
				sts.Answer(func(w http.ResponseWriter, r *http.Request) {
					if r.PostForm.Get("RoleArn") == target {
						refuse(w, r)
						return
					}
					ststest.Succeed(w, r, "AKIAOWN", "secret of the service", time.Now().Add(time.Hour))
				})
			}
			_, _, err := issuer(t, sts).Session(t.Context(), pod(), id)
			assertException(t, err, test.want, test.code+": in these words; ", test.remedy)
		})
	}
}

func assertException(t *testing.T, err error, kind exception.Kind, says ...string) {
	t.Helper()
	refused, ok := errors.AsType[*exception.Exception](err)
	if !ok || refused.Kind != kind {
		t.Fatalf("got %v, want %s", err, kind)
	}
	for _, words := range says {
		if !strings.Contains(refused.Message, words) {
			t.Errorf("%q does not say %q", refused.Message, words)
		}
	}
}

func TestAnSTSThatFailsGivesNoSession(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"it has gone away":                 {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "STS cannot be reached"},
		"it is a page of something else":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello") }, "without a readable message"},
		"a proxy in front of it is broken": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, "STS answered 502 Bad Gateway"},
		"it answers without credentials": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>")
		}, "incomplete credentials"},
		"its credentials are empty":    {func(w http.ResponseWriter, r *http.Request) { ststest.Succeed(w, r, "", "", time.Now().Add(time.Hour)) }, "incomplete credentials"},
		"its credentials have expired": {func(w http.ResponseWriter, r *http.Request) { ststest.Succeed(w, r, "A", "b", time.Now()) }, "expired credentials"},
		"its answer does not end": {func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "without a readable message"},
	} {
		t.Run(name, func(t *testing.T) {
			sts := ststest.New(t)
			sts.Answer(test.answer)
			_, _, err := issuer(t, sts).Session(t.Context(), pod(), contract.Identity{RoleARN: role})
			assertException(t, err, exception.ServiceUnavailable, test.says)
		})
	}
}

func TestAServiceWithoutAWSIdentitySaysSo(t *testing.T) {
	config := ststest.New(t).Config()
	// Its own role may be refused too, which is not the pod's role.
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no EC2 IMDS role found")
	})
	i, err := sessions.New(config, sessions.Settings{Rate: 1, ClusterName: "green", ClusterARN: arn}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = i.Session(t.Context(), pod(), contract.Identity{RoleARN: role})
	assertException(t, err, exception.InternalServer, "the auth service has no AWS credentials", "no EC2 IMDS role found")
}

func TestAClientThatGivesUpDoesNotCancelTheCallForOthers(t *testing.T) {
	sts := ststest.New(t)
	canceled, cancel := context.WithCancel(t.Context())
	sts.Answer(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		ststest.Succeed(w, r, "ASIA", "secret", time.Now().Add(time.Hour))
	})
	i := issuer(t, sts)
	if _, _, err := i.Session(canceled, pod(), contract.Identity{RoleARN: role}); err != nil {
		t.Error(err)
	}
}
