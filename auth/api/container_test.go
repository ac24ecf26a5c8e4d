package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/contract"
)

// postFor is post for one container of the pod.
func postFor(h http.Handler, container string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(request))
	r.Header.Set(contract.HeaderContainer, container)
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

func TestAContainerGetsTheRoleThatItHasForItself(t *testing.T) {
	h, lines := handler(t, good())
	r := postFor(h, "agent")
	own, _ := good().Own(association.ServiceAccount{Namespace: "shop", Name: "front"}, "agent")
	if r.Code != http.StatusOK || r.Header().Get(contract.HeaderIdentityDigest) != own.Digest() {
		t.Errorf("%d %s, digest %s", r.Code, r.Body, r.Header().Get(contract.HeaderIdentityDigest))
	}
	if line := lines.LastEntry(); line.Data["container"] != "agent" || line.Data["association"] != "agent" {
		t.Errorf("logged %v", line.Data)
	}
}

func TestAContainerWithoutARoleOfItsOwnIsNotGivenThatOfThePod(t *testing.T) {
	h, _ := handler(t, good())
	assertException(t, postFor(h, "app"), exception.ResourceNotFound, "gives container app of service account front of namespace shop a role")
}

func TestTheRoleOfAContainerIsHeldToTheRolesOfTheService(t *testing.T) {
	b := good()
	b.identity.RoleARN = "arn:aws:iam::111122223333:role/admin"
	h, _ := handler(t, b)
	assertException(t, postFor(h, "agent"), exception.AccessDenied, "of PodIdentityAssociation agent is not allowed by --roles")
}
