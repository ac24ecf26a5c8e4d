package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/contract"
)

func TestTheResponseHasAllMembersOfTheModel(t *testing.T) {
	h, _ := handler(t, good())
	r := post(h, path, request)
	var got any
	if err := json.Unmarshal(r.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"subject":  map[string]any{"namespace": "shop", "serviceAccount": "front"},
		"audience": "pods.eks.amazonaws.com",
		"podIdentityAssociation": map[string]any{
			"associationArn": "arn:aws:eks:eu-central-1:111122223333:podidentityassociation/green/reader", "associationId": "reader",
		},
		"assumedRoleUser": map[string]any{"arn": "arn:aws:sts::111122223333:assumed-role/reader/eks-green", "assumeRoleId": "AROA:eks-green"},
		"credentials": map[string]any{
			"accessKeyId": "ASIA", "secretAccessKey": "very secret", "sessionToken": "session token", "expiration": 1.7e9,
		},
	}
	if r.Code != http.StatusOK || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %d %v\nwant %v", r.Code, got, want)
	}
	if got := r.Header().Get(contract.HeaderIdentityDigest); got != good().identity.Digest() {
		t.Errorf("it is told to be given for %q", got)
	}
	if r.Header().Get("Content-Type") != "application/json" || r.Header().Get("Cache-Control") != "no-store" || r.Header().Get("x-amzn-RequestId") == "" {
		t.Errorf("headers %v", r.Header())
	}
}

func TestEveryRefusalIsAnExceptionThatSaysWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		change     func(*backend)
		path, body string
		kind       exception.Kind
		says       string
	}{
		"another cluster":                              {path: "/clusters/blue/assume-role-for-pod-identity", kind: exception.ResourceNotFound, says: "This service is for the cluster green"},
		"another operation":                            {path: "/clusters/green/pod-identity-associations", kind: exception.InvalidRequest, says: "check the endpoint"},
		"no JSON":                                      {body: "token=" + jwt, kind: exception.InvalidRequest, says: "not a JSON object"},
		"no object":                                    {body: `["` + jwt + `"]`, kind: exception.InvalidRequest, says: "not a JSON object"},
		"an empty request":                             {body: " ", kind: exception.InvalidRequest, says: "not a JSON object"},
		"no token":                                     {body: `{"Token1":"x"}`, kind: exception.InvalidParameter, says: "no token"},
		"a token of two parts":                         {body: `{"token":"a.b"}`, kind: exception.InvalidParameter, says: "not a JSON Web Token"},
		"a token with an empty part":                   {body: `{"token":"a..b"}`, kind: exception.InvalidParameter, says: "not a JSON Web Token"},
		"a token with a line break":                    {body: `{"token":"a.b.c\n"}`, kind: exception.InvalidParameter, says: "not a JSON Web Token"},
		"a request of a megabyte":                      {body: `{"token":"` + strings.Repeat("a", 1<<20) + `"}`, kind: exception.InvalidRequest, says: "more than 32768 bytes"},
		"before the service has read":                  {change: func(b *backend) { b.unsynced = true }, kind: exception.ServiceUnavailable, says: "retry"},
		"a token that is refused":                      {change: func(b *backend) { b.review = exception.New(exception.ExpiredToken, "renew it") }, kind: exception.ExpiredToken, says: "renew it"},
		"no association":                               {change: func(b *backend) { b.pod.ServiceAccount = "back" }, kind: exception.ResourceNotFound, says: "service account back of namespace shop"},
		"a role that the service account names itself": {change: func(b *backend) { b.identity.Association = "" }, kind: exception.ResourceNotFound, says: "create one"},
		"a role that the bounds of the namespace refuse": {change: func(b *backend) {
			b.identity.Association, b.bounded, b.refusal, b.pod.ServiceAccount = "", true, "too far", "back"
		}, kind: exception.AccessDenied, says: "too far: choose another role"},
		"a role within the bounds and outside of the patterns": {change: func(b *backend) {
			b.identity = contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/admin"}
			b.bounded = true
		}, kind: exception.AccessDenied, says: "of service account front is not allowed by --roles"},
		"a role outside of the patterns":   {change: func(b *backend) { b.identity.RoleARN = "arn:aws:iam::111122223333:role/admin" }, kind: exception.AccessDenied, says: "--roles"},
		"a target outside of the patterns": {change: func(b *backend) { b.identity.TargetRoleARN = "arn:aws:iam::444455556666:role/pods/x" }, kind: exception.AccessDenied, says: "444455556666"},
		"labels that cannot be read": {change: func(b *backend) {
			b.identity.TagLabels, b.unread = "team", exception.New(exception.ServiceUnavailable, "labels: retry")
		}, kind: exception.ServiceUnavailable, says: "labels: retry"},
		"what STS refuses":              {change: func(b *backend) { b.issue = exception.New(exception.AccessDenied, "trust it") }, kind: exception.AccessDenied, says: "trust it"},
		"an error that is no exception": {change: func(b *backend) { b.issue = errors.New("with very secret words") }, kind: exception.InternalServer, says: "see its log"},
	} {
		t.Run(name, func(t *testing.T) {
			b := good()
			if test.change != nil {
				test.change(b)
			}
			h, _ := handler(t, b)
			if test.path == "" {
				test.path = path
			}
			if test.body == "" {
				test.body = request
			}
			assertException(t, post(h, test.path, test.body), test.kind, test.says)
		})
	}
}

func TestAGetIsNoRequestOfTheAPI(t *testing.T) {
	h, _ := handler(t, good())
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	assertException(t, recorder, exception.InvalidRequest, "check the endpoint")
}

func TestAThrottledClientIsToldWhenToRetry(t *testing.T) {
	b := good()
	b.issue = exception.New(exception.Throttling, "later").WithRetryAfter(1100 * time.Millisecond)
	h, _ := handler(t, b)
	r := post(h, path, request)
	assertException(t, r, exception.Throttling, "later")
	if r.Header().Get("Retry-After") != "2" {
		t.Errorf("Retry-After is %q", r.Header().Get("Retry-After"))
	}
}
