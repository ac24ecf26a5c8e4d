package issuer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/internal/issuer"
)

// rsaKey and ecKey are keys of a JWKS as the API server writes them, but shorter.
func rsaKey(id, modulus string) string {
	return fmt.Sprintf(`{"use":"sig","kty":"RSA","kid":%q,"alg":"RS256","n":%q,"e":"AQAB"}`, id, modulus)
}

func ecKey(id, x string) string {
	return fmt.Sprintf(`{"use":"sig","kty":"EC","kid":%q,"crv":"P-256","alg":"ES256","x":%q,"y":"AA"}`, id, x)
}

func jwks(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

func discovery(of, keysURI string) string {
	return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q,"response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`, of, keysURI)
}

func publication(t *testing.T, of string, keys ...string) issuer.Publication {
	t.Helper()
	d, err := issuer.ParseDiscovery([]byte(discovery(of, of+issuer.KeysPath)))
	if err != nil {
		t.Fatal(err)
	}
	return issuer.Publication{Discovery: d, Keys: mustParse(t, keys...)}
}

func mustParse(t *testing.T, keys ...string) issuer.Keys {
	t.Helper()
	parsed, err := issuer.ParseKeys([]byte(jwks(keys...)))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

const green = "https://oidc.example.com/green"

func TestWhatIsPublishedFitsWhereItHasEveryKeyOfTheCluster(t *testing.T) {
	for name, test := range map[string]struct {
		issuer            string
		cluster           []string
		published         []string
		unpublished, says string
		former            string
	}{
		"the same":                  {issuer: green, cluster: []string{rsaKey("a", "1")}, published: []string{rsaKey("a", "1")}},
		"in another order":          {issuer: green, cluster: []string{rsaKey("a", "1"), ecKey("b", "2")}, published: []string{ecKey("b", "2"), rsaKey("a", "1")}},
		"without what STS ignores":  {issuer: green, cluster: []string{rsaKey("a", "1")}, published: []string{`{"kty":"RSA","kid":"a","e":"AQAB","n":"1"}`}},
		"with a key of before":      {issuer: green, cluster: []string{rsaKey("b", "2")}, published: []string{rsaKey("a", "1"), rsaKey("b", "2")}, former: "a"},
		"not after a rotation":      {issuer: green, cluster: []string{rsaKey("b", "2")}, published: []string{rsaKey("a", "1")}, former: "a", unpublished: "b", says: "the key b of the cluster is not published"},
		"not with one of two":       {issuer: green, cluster: []string{rsaKey("a", "1"), rsaKey("b", "2")}, published: []string{rsaKey("a", "1")}, unpublished: "b", says: "the key b"},
		"not with another key":      {issuer: green, cluster: []string{rsaKey("a", "1")}, published: []string{rsaKey("a", "2")}, unpublished: "a", says: "another key is published under the name of the cluster's key a"},
		"not with another type":     {issuer: green, cluster: []string{rsaKey("a", "1")}, published: []string{ecKey("a", "1")}, unpublished: "a", says: "another key"},
		"not of another issuer":     {issuer: green + "/", cluster: []string{rsaKey("a", "1")}, published: []string{rsaKey("a", "1")}, unpublished: "a", says: "names the issuer"},
		"not under a name of other": {issuer: green, cluster: []string{rsaKey("a", "1")}, published: []string{rsaKey("A", "1")}, former: "A", unpublished: "a", says: "the key a"},
	} {
		t.Run(name, func(t *testing.T) {
			c := issuer.Compare(publication(t, green, test.cluster...), publication(t, test.issuer, test.published...))
			if c.Fits() != (test.says == "") || !strings.Contains(strings.Join(c.Problems, "\n"), test.says) {
				t.Errorf("the problems are %q", c.Problems)
			}
			if got := strings.Join(c.Unpublished, " "); got != test.unpublished {
				t.Errorf("unpublished are %q", got)
			}
			if got := strings.Join(c.Former, " "); got != test.former {
				t.Errorf("former are %q", got)
			}
		})
	}
}

func TestAPublishedIssuerOfAnyLengthIsOneLineOfALog(t *testing.T) {
	key := rsaKey("a", "1")
	c := issuer.Compare(publication(t, green, key), publication(t, green+strings.Repeat("\n", 1<<18), key))
	if len(c.Problems) != 1 || len(c.Problems[0]) > 2048 {
		t.Errorf("%d problems, of which the first begins %.100q", len(c.Problems), c.Problems)
	}
}

func TestWhatIsToBePublishedFitsTheClusterAndHasTheOldKeys(t *testing.T) {
	cluster := publication(t, green, rsaKey("b", "2"))
	cluster.Discovery.KeysURI = "https://10.0.0.1:6443/openid/v1/jwks" // what an API server says that was not told
	p, err := issuer.ToPublish(cluster, "", mustParse(t, ecKey("a", "1"), rsaKey("b", "2")))
	if err != nil {
		t.Fatal(err)
	}
	if p.Discovery.KeysURI != green+issuer.KeysPath || !slices.Equal(p.Keys.IDs(), []string{"b", "a"}) || !slices.Equal(p.Discovery.Algorithms, []string{"RS256", "ES256"}) {
		t.Errorf("got %+v with %q", p.Discovery, p.Keys.IDs())
	}
	read, err := issuer.ParseKeys(p.Keys.JSON())
	if err != nil {
		t.Fatal(err)
	}
	d, err := issuer.ParseDiscovery(p.Discovery.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if c := issuer.Compare(cluster, issuer.Publication{Discovery: d, Keys: read}); !c.Fits() || !slices.Equal(c.Former, []string{"a"}) {
		t.Errorf("got %+v", c)
	}
}

func TestWhereTheKeysAreToBePublished(t *testing.T) {
	for name, test := range map[string]struct{ issuer, cluster, asked, want, says string }{
		"where the API server says, at the issuer's host": {green, "https://oidc.example.com/keys", "", "https://oidc.example.com/keys", ""},
		"behind the issuer else":                          {green, "https://10.0.0.1:6443/openid/v1/jwks", "", green + "/openid/v1/jwks", ""},
		"behind an issuer that ends with /":               {green + "/", "https://10.0.0.1:6443/openid/v1/jwks", "", green + "/openid/v1/jwks", ""},
		"where the user says":                             {green, "https://oidc.example.com/keys", "https://cdn.example.com/k", "https://cdn.example.com/k", ""},
		"not by HTTP":                                     {green, "https://oidc.example.com/keys", "http://cdn.example.com/k", "", "not a URL such as https://"},
		"not for an issuer that AWS does not take":        {"kubernetes", "https://10.0.0.1:6443/openid/v1/jwks", "", "", "--service-account-issuer"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := publication(t, test.issuer, rsaKey("a", "1"))
			cluster.Discovery.KeysURI = test.cluster
			p, err := issuer.ToPublish(cluster, test.asked, nil)
			if test.says == "" && (err != nil || p.Discovery.KeysURI != test.want) || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %q, %v", p.Discovery.KeysURI, err)
			}
		})
	}
}

func TestTwoKeysOfOneNameAreNotMerged(t *testing.T) {
	if _, err := issuer.Merge(mustParse(t, rsaKey("a", "1")), mustParse(t, rsaKey("a", "2"))); err == nil || !strings.Contains(err.Error(), `two different keys are named "a"`) {
		t.Errorf("got %v", err)
	}
}

func TestKeysThatMustNotBePublishedAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, says string }{
		"a private key":    {jwks(`{"kty":"RSA","kid":"a","n":"1","e":"AQAB","d":"secret"}`), `the key "a" of the JWKS is a private one`},
		"a symmetric key":  {jwks(`{"kty":"oct","kid":"a","k":"secret"}`), "is a private one"},
		"none":             {jwks(), "has no keys"},
		"no JSON":          {"<html>", "is not a JSON object"},
		"a key of no type": {jwks(`{"kid":"a"}`), "has no kty"},
		"a text as key":    {jwks(`"a"`), "is not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := issuer.ParseKeys([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzKeysThatAreReadAreWrittenAndReadTheSame(f *testing.F) {
	f.Add([]byte(jwks(rsaKey("a", "1"), ecKey("b", "2"))))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := issuer.ParseKeys(text)
		if err != nil {
			return
		}
		again, err := issuer.ParseKeys(keys.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.IDs(), keys.IDs()) {
			t.Errorf("got %q, not %q", again.IDs(), keys.IDs())
		}
		if c := issuer.Compare(issuer.Publication{Keys: keys}, issuer.Publication{Keys: again}); !c.Fits() && len(slices.Compact(slices.Sorted(slices.Values(keys.IDs())))) == len(keys) {
			t.Errorf("got %+v", c)
		}
	})
}
