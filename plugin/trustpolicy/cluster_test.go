package trustpolicy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/plugin/trustpolicy"
)

// apiServer answers what the command asks an API server.
func apiServer(t *testing.T, associations string) *genericclioptions.ConfigFlags {
	t.Helper()
	answers := map[string]string{
		"/api":  `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"podidentity.dev","versions":[{"groupVersion":"podidentity.dev/v1alpha1","version":"v1alpha1"}],"preferredVersion":{"groupVersion":"podidentity.dev/v1alpha1","version":"v1alpha1"}}]}`,
		"/apis/podidentity.dev/v1alpha1": `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"podidentity.dev/v1alpha1","resources":[
			{"name":"podidentityassociations","singularName":"podidentityassociation","namespaced":false,"kind":"PodIdentityAssociation","verbs":["get","list","watch"]}]}`,
		"/apis/podidentity.dev/v1alpha1/podidentityassociations": `{"kind":"PodIdentityAssociationList","apiVersion":"podidentity.dev/v1alpha1","metadata":{},"items":[` + associations + `]}`,
		"/api/v1/serviceaccounts": `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[
			{"metadata":{"namespace":"team","name":"irsa","annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/r"}}},
			{"metadata":{"namespace":"team","name":"one","annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/r"}}},
			{"metadata":{"namespace":"bounded","name":"within","annotations":{"podidentity.dev/role-arn":"arn:aws:iam::111122223333:role/r"}}},
			{"metadata":{"namespace":"bounded","name":"other","annotations":{"podidentity.dev/role-arn":"arn:aws:iam::111122223333:role/other"}}}]}`,
		"/api/v1/namespaces": `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[
			{"metadata":{"name":"team"}},{"metadata":{"name":"bounded","annotations":{"podidentity.dev/allowed-roles":"arn:aws:iam::111122223333:role/*"}}}]}`,
		"/.well-known/openid-configuration": `{"issuer":"https://oidc.example.com/green","jwks_uri":"https://oidc.example.com/green/openid/v1/jwks"}`,
		"/openid/v1/jwks":                   `{"keys":[{"kty":"RSA","kid":"a","n":"1","e":"AQAB"}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	t.Setenv("KUBECONFIG", "/dev/null")
	flags := genericclioptions.NewConfigFlags(false)
	cache := t.TempDir()
	flags.APIServer, flags.CacheDir = &server.URL, &cache
	return flags
}

func TestTheIssuerAndTheAssociationsAreThoseOfTheCluster(t *testing.T) {
	const association = `{"apiVersion":"podidentity.dev/v1alpha1","kind":"PodIdentityAssociation","metadata":{"name":"NAME","uid":"u","managedFields":[{"manager":"m"}]},
		"spec":{"namespace":"team","serviceAccount":"NAME","roleARN":"arn:aws:iam::111122223333:role/r"},"status":{"pods":3}}`
	getter := apiServer(t, strings.ReplaceAll(association, "NAME", "one")+","+strings.ReplaceAll(association, "NAME", "two"))
	streams, _, out, errOut := genericiooptions.NewTestIOStreams()
	command := trustpolicy.Command(getter, streams)
	command.SetArgs([]string{"one"})
	if err := command.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, `"oidc.example.com/green:sub": "system:serviceaccount:team:one"`) {
		t.Errorf("got %s", text)
	}
	const want = `note: the policy of arn:aws:iam::111122223333:role/r does not admit PodIdentityAssociation two, which names the role too: give both names where it should
note: the policy of arn:aws:iam::111122223333:role/r does not admit service accounts that have the role by an annotation: bounded/within, team/irsa: create associations for those that should keep it
`
	if notes := errOut.String(); notes != want {
		t.Errorf("noted %q", notes)
	}
}
