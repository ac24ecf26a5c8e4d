// Package issuer compares the keys by which a cluster signs service account tokens with those that are published at its issuer, where
// AWS STS reads them.
package issuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const (
	// DiscoveryPath is where the discovery document is, behind the issuer (OpenID Connect Discovery 1.0, section 4).
	DiscoveryPath = "/.well-known/openid-configuration"
	// KeysPath is where the API server has its keys, and where they are published unless the discovery document says otherwise.
	KeysPath = "/openid/v1/jwks"
)

// Discovery is what of a discovery document STS reads, and what the specification requires of one that is published.
type Discovery struct {
	Issuer        string   `json:"issuer"`
	KeysURI       string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
}

// Publication is a discovery document and the keys that it leads to.
type Publication struct {
	Discovery Discovery
	Keys      Keys
}

// ParseDiscovery reads a discovery document.
func ParseDiscovery(text []byte) (Discovery, error) {
	var d Discovery
	if err := json.Unmarshal(text, &d); err != nil {
		return Discovery{}, fmt.Errorf("the discovery document is not a JSON object: %w", err)
	}
	if d.Issuer == "" || d.KeysURI == "" {
		return Discovery{}, errors.New("the discovery document lacks issuer or jwks_uri")
	}
	return d, nil
}

// Comparison is how a publication fits the cluster.
type Comparison struct {
	// Issuer is that of the cluster.
	Issuer string
	// Unpublished are the keys of the cluster that are not published for its issuer: STS refuses the tokens that they sign.
	Unpublished []string
	// Problems are sentences that say for what STS refuses tokens, Unpublished included.
	Problems []string
	// Former are keys that are published and not the cluster's: those of before a rotation.
	Former []string
}

// Fits reports whether STS can verify every token of the cluster.
func (c Comparison) Fits() bool { return len(c.Problems) == 0 }

// Compare compares what the API server says with what is published.
func Compare(cluster, published Publication) Comparison {
	c := Comparison{Issuer: cluster.Discovery.Issuer}
	if published.Discovery.Issuer != cluster.Discovery.Issuer {
		c.Unpublished = cluster.Keys.IDs()
		c.Problems = append(c.Problems, fmt.Sprintf("the published discovery document names the issuer %.256q, and tokens name %q: publish the one of this cluster", published.Discovery.Issuer, cluster.Discovery.Issuer))
		return c
	}
	for _, key := range cluster.Keys {
		if i := slices.IndexFunc(published.Keys, func(k Key) bool { return k.ID == key.ID }); i < 0 || published.Keys[i].material != key.material {
			c.Unpublished = append(c.Unpublished, key.ID)
			c.Problems = append(c.Problems, unpublished(key, i >= 0))
		}
	}
	for _, key := range published.Keys {
		if !slices.ContainsFunc(cluster.Keys, func(k Key) bool { return k.ID == key.ID }) {
			c.Former = append(c.Former, key.ID)
		}
	}
	return c
}

func unpublished(key Key, otherKey bool) string {
	if otherKey {
		return fmt.Sprintf("another key is published under the name of the cluster's key %s: publish the one of this cluster", key.ID)
	}
	return fmt.Sprintf("the key %s of the cluster is not published: publish the keys again", key.ID)
}

// ToPublish is what to publish for the cluster, with the old keys as well. Keys is where the keys will be; "" takes the cluster's own word
// where that is at the issuer's host, and else KeysPath behind the issuer, because an API server that was not told names its own address.
func ToPublish(cluster Publication, keysURI string, old Keys) (Publication, error) {
	keys, err := Merge(cluster.Keys, old)
	if err != nil {
		return Publication{}, err
	}
	d := cluster.Discovery
	d.KeysURI, err = whereToPublish(d, keysURI)
	if err != nil {
		return Publication{}, err
	}
	for _, key := range keys {
		if key.algorithm != "" && !slices.Contains(d.Algorithms, key.algorithm) {
			d.Algorithms = append(slices.Clone(d.Algorithms), key.algorithm)
		}
	}
	return Publication{Discovery: d, Keys: keys}, nil
}

func whereToPublish(d Discovery, keysURI string) (string, error) {
	issuer, err := ParseURL(d.Issuer)
	if err != nil {
		return "", fmt.Errorf("the issuer of the cluster cannot be published: %w; start the API server with --service-account-issuer=https://HOST/PATH", err)
	}
	if keysURI != "" {
		_, err := ParseURL(keysURI)
		return keysURI, err
	}
	if own, err := ParseURL(d.KeysURI); err == nil && own.Host == issuer.Host {
		return d.KeysURI, nil
	}
	return strings.TrimSuffix(d.Issuer, "/") + KeysPath, nil
}

// ParseURL accepts what AWS accepts as an issuer: HTTPS, and no query (IAM API, CreateOpenIDConnectProvider).
func ParseURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil {
		return nil, fmt.Errorf("%q is not a URL such as https://HOST/PATH", text)
	}
	return parsed, nil
}
