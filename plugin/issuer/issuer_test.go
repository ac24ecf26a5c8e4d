package issuer

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cli"
)

func key(id, modulus string) string {
	return fmt.Sprintf(`{"use":"sig","kty":"RSA","kid":%q,"alg":"RS256","n":%q,"e":"AQAB"}`, id, modulus)
}

func jwks(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// setup is an API server, and an issuer at which something is published.
type setup struct {
	cluster, published map[string]string
	issuer             string
	commands           commands
}

func newSetup(t *testing.T) *setup {
	t.Helper()
	s := &setup{cluster: map[string]string{}, published: map[string]string{}}
	serve := func(documents map[string]string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			text, ok := documents[r.URL.Path]
			if !ok {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(text))
		}
	}
	apiServer, host := httptest.NewServer(serve(s.cluster)), httptest.NewTLSServer(serve(s.published))
	t.Cleanup(apiServer.Close)
	t.Cleanup(host.Close)
	s.issuer = host.URL + "/green"
	s.cluster[issuer.DiscoveryPath] = fmt.Sprintf(`{"issuer":%q,"jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`, s.issuer)
	s.cluster[issuer.KeysPath] = jwks(key("new", "2"))
	t.Setenv("KUBECONFIG", "/dev/null")
	flags := genericclioptions.NewConfigFlags(false)
	flags.APIServer = &apiServer.URL
	client := issuer.NewClient(nil)
	client.Transport.(*http.Transport).TLSClientConfig = host.Client().Transport.(*http.Transport).TLSClientConfig
	s.commands = commands{getter: flags, client: client}
	return s
}

func (s *setup) run(t *testing.T, arguments ...string) (stdout string, err error) {
	t.Helper()
	streams, _, out, _ := genericiooptions.NewTestIOStreams()
	s.commands.streams = streams
	command := newCommand(s.commands)
	command.SetArgs(arguments)
	command.SilenceUsage, command.SilenceErrors = true, true
	err = command.ExecuteContext(t.Context())
	return strings.ReplaceAll(out.String(), s.issuer, "ISSUER"), err
}

// publish serves the files of a directory, as a web server would.
func (s *setup) publish(t *testing.T, directory string) {
	t.Helper()
	for _, path := range []string{issuer.DiscoveryPath, issuer.KeysPath} {
		text, err := os.ReadFile(filepath.Join(directory, path))
		if err != nil {
			t.Fatal(err)
		}
		s.published["/green"+path] = string(text)
	}
}

func TestWhatIsWrittenFitsOnceItIsPublished(t *testing.T) {
	s := newSetup(t)
	directory := filepath.Join(t.TempDir(), "public")
	out, err := s.run(t, "write", directory)
	if want := directory + "/.well-known/openid-configuration: publish it at ISSUER/.well-known/openid-configuration\n" +
		directory + "/openid/v1/jwks: publish it at ISSUER/openid/v1/jwks\n"; err != nil || out != want {
		t.Fatalf("got %q, %v", out, err)
	}
	s.publish(t, directory)
	out, err = s.run(t)
	if want := "issuer: ISSUER\nkeys published at: ISSUER/openid/v1/jwks\nok: the key new of the cluster is published\n"; err != nil || out != want {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestWhileAKeyIsReplacedTheOldOneStaysPublished(t *testing.T) {
	s := newSetup(t)
	directory := t.TempDir()
	s.published["/old"] = jwks(key("old", "1"))
	old := filepath.Join(directory, "older.json")
	if err := os.WriteFile(old, []byte(jwks(key("older", "0"))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.run(t, "write", directory, "--merge", strings.TrimSuffix(s.issuer, "/green")+"/old", "--merge", old); err != nil {
		t.Fatal(err)
	}
	s.publish(t, directory)
	out, err := s.run(t)
	if err != nil {
		t.Error(err)
	}
	for _, want := range []string{"ok: the key new of the cluster is published\n", "ok: the key old is published as well;", "ok: the key older is published as well;"} {
		if !strings.Contains(out, want) {
			t.Errorf("got %q", out)
		}
	}
}

func TestWhatDoesNotFitIsSaidAndIsWrong(t *testing.T) {
	s := newSetup(t)
	directory := t.TempDir()
	if _, err := s.run(t, "write", directory); err != nil {
		t.Fatal(err)
	}
	s.publish(t, directory)
	s.cluster[issuer.KeysPath] = jwks(key("newer", "3"))
	out, err := s.run(t)
	if _, wrong := errors.AsType[cli.WrongError](err); !wrong || !strings.Contains(out, "not ok: the key newer of the cluster is not published") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestWhatCannotBeReadIsAnErrorThatSaysWhy(t *testing.T) {
	for name, test := range map[string]struct {
		change    func(s *setup)
		arguments []string
		says      string
	}{
		"nothing is published":             {func(*setup) {}, nil, "404 Not Found"},
		"the API server refuses":           {func(s *setup) { delete(s.cluster, issuer.KeysPath) }, nil, "ask the API server for its keys"},
		"the keys to merge are by HTTP":    {func(*setup) {}, []string{"write", ".", "--merge=http://127.0.0.1:1/jwks"}, "is not a URL such as https://"},
		"the file to merge is not there":   {func(*setup) {}, []string{"write", ".", "--merge=none.json"}, "none.json"},
		"the file to merge is no JWKS":     {func(*setup) {}, []string{"write", ".", "--merge=page.html"}, "page.html: the JWKS is not a JSON object"},
		"the file to merge is too large":   {func(*setup) {}, []string{"write", ".", "--merge=large"}, "more than 1 MiB"},
		"the file to merge has a secret":   {func(*setup) {}, []string{"write", ".", "--merge=private.json"}, "is a private one"},
		"the keys cannot be at an address": {func(*setup) {}, []string{"write", ".", "--jwks-uri=http://example.com"}, "is not a URL such as https://"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			t.Chdir(t.TempDir())
			for file, text := range map[string]string{"page.html": "<html>", "large": strings.Repeat(" ", 1<<20+1), "private.json": jwks(`{"kty":"RSA","kid":"a","n":"1","e":"AQAB","d":"s"}`)} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			test.change(s)
			if _, err := s.run(t, test.arguments...); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestKeysThatArePublishedElsewhereHaveAPlainName(t *testing.T) {
	s := newSetup(t)
	directory := t.TempDir()
	for _, address := range []string{"https://cdn.example.com/keys", s.issuer + "/../../../etc/keys"} {
		out, err := s.run(t, "write", directory, "--jwks-uri", address)
		if err != nil || !strings.Contains(out, directory+"/jwks.json: publish it at "+strings.ReplaceAll(address, s.issuer, "ISSUER")) {
			t.Errorf("got %q, %v", out, err)
		}
	}
}
