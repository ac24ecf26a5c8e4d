package issuer_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/podidentity/podidentity/internal/issuer"
)

// serve publishes by TLS: path to text. The client trusts it.
func serve(t *testing.T, paths map[string]string) (address string, client *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := paths[r.URL.Path]
		switch {
		case strings.HasPrefix(text, "redirect "):
			http.Redirect(w, r, strings.TrimPrefix(text, "redirect "), http.StatusFound)
		case ok:
			_, _ = w.Write([]byte(text))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	client = issuer.NewClient(nil)
	client.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	return server.URL, client
}

func TestWhatIsPublishedIsReadByHTTPSAndWithinBounds(t *testing.T) {
	const discoveryPath = "/green" + issuer.DiscoveryPath
	for name, test := range map[string]struct {
		paths map[string]string
		says  string
	}{
		"both documents":             {map[string]string{discoveryPath: "DISCOVERY", "/keys": jwks(rsaKey("a", "1"))}, ""},
		"by a redirection":           {map[string]string{discoveryPath: "redirect /d", "/d": "DISCOVERY", "/keys": jwks(rsaKey("a", "1"))}, ""},
		"not by a redirection away":  {map[string]string{discoveryPath: "redirect http://127.0.0.1:1/d"}, "is not HTTPS"},
		"not by endless redirection": {map[string]string{discoveryPath: "redirect " + discoveryPath}, "redirects too often"},
		"not without the first":      {map[string]string{"/keys": jwks(rsaKey("a", "1"))}, "404 Not Found"},
		"not without the second":     {map[string]string{discoveryPath: "DISCOVERY"}, "404 Not Found"},
		"not where it is a page":     {map[string]string{discoveryPath: "<html>"}, "is not a JSON object"},
		"not where it lacks keys":    {map[string]string{discoveryPath: `{"issuer":"a"}`}, "lacks issuer or jwks_uri"},
		"not with keys by HTTP":      {map[string]string{discoveryPath: discovery("a", "http://127.0.0.1:1/keys")}, "is not a URL such as https://"},
		"not beyond 1 MiB":           {map[string]string{discoveryPath: "DISCOVERY", "/keys": jwks(rsaKey("a", strings.Repeat("1", 1<<20)))}, "more than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			paths := map[string]string{}
			address, client := serve(t, paths)
			for path, text := range test.paths {
				paths[path] = strings.ReplaceAll(text, "DISCOVERY", discovery(address+"/green", address+"/keys"))
			}
			p, err := issuer.Published(t.Context(), client, address+"/green")
			if test.says == "" {
				if err != nil || p.Discovery.Issuer != address+"/green" || len(p.Keys) != 1 {
					t.Errorf("got %+v, %v", p, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnIssuerWithoutACertificateThatIsTrustedIsNotRead(t *testing.T) {
	address, _ := serve(t, nil)
	if _, err := issuer.Published(t.Context(), issuer.NewClient(nil), address); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}

func TestTheAPIServerIsAskedForItsIssuerAndItsKeys(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Authorization") + r.URL.Path {
		case "Bearer t/prefix" + issuer.DiscoveryPath:
			_, _ = w.Write([]byte(discovery(green, "https://10.0.0.1/openid/v1/jwks")))
		case "Bearer t/prefix" + issuer.KeysPath:
			_, _ = w.Write([]byte(jwks(rsaKey("a", "1"))))
		default:
			http.Error(w, "no", http.StatusForbidden)
		}
	}))
	defer server.Close()
	for token, says := range map[string]string{"t": "", "other": "403 Forbidden"} {
		read, err := issuer.FromAPIServer(&rest.Config{Host: server.URL + "/prefix", BearerToken: token})
		if err != nil {
			t.Fatal(err)
		}
		p, err := issuer.Cluster(t.Context(), read)
		if says == "" && (err != nil || p.Discovery.Issuer != green || len(p.Keys) != 1) || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("got %+v, %v", p, err)
		}
	}
}
