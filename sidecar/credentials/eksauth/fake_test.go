package eksauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/eksauth"
)

const (
	role    = "arn:aws:iam::111122223333:role/shop/reader"
	session = "arn:aws:sts::111122223333:assumed-role/reader/web-0"
	// jwt has the form of a token.
	jwt = "eyJhbGciOiJub25lIn0.ZmFrZQ.c2VjcmV0"
)

// fakeAuth is a fake auth service, since the real one does not fail on demand. It records the requests. Answer handles them, and
// the default gives credentials.
type fakeAuth struct {
	*httptest.Server
	answer http.HandlerFunc

	mu     sync.Mutex // a client that times out does not wait for the server
	paths  []string
	tokens []string
}

func newFakeAuth(t *testing.T, answer http.HandlerFunc) *fakeAuth {
	t.Helper()
	f := &fakeAuth{answer: answer}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	// The tests read the errors of the client instead.
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAuth) serve(w http.ResponseWriter, r *http.Request) {
	var body struct{ Token string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		panic(err)
	}
	f.record(r.Method+" "+r.URL.Path, body.Token)
	if f.answer != nil {
		f.answer(w, r)
		return
	}
	succeed(w, session, time.Now().Add(time.Hour))
}

func (f *fakeAuth) record(path, token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paths, f.tokens = append(f.paths, path), append(f.tokens, token)
}

// requests are those so far.
func (f *fakeAuth) requests() (paths, tokens []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.paths), slices.Clone(f.tokens)
}

// ca is the CA of the service's certificate, in PEM.
func (f *fakeAuth) ca() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}))
}

// otherCA is a CA that has signed nothing, in PEM.
func otherCA(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// source is one that uses the service.
func (f *fakeAuth) source(t *testing.T) eksauth.Source {
	t.Helper()
	return eksauth.Source{
		TokenFile:   writeFile(t, "token", jwt),
		Endpoint:    f.URL,
		CAFile:      writeFile(t, "ca.crt", f.ca()),
		ClusterName: "green",
	}
}

func (f *fakeAuth) fetch(t *testing.T) (credentials.Credentials, error) {
	t.Helper()
	return f.source(t).Fetch(t.Context(), contract.Identity{RoleARN: role})
}

func succeed(w http.ResponseWriter, arn string, expiration time.Time) {
	_, _ = fmt.Fprintf(w, `{"subject":{"namespace":"shop","serviceAccount":"front"},"audience":"pods.eks.amazonaws.com",
"podIdentityAssociation":{"associationArn":"a","associationId":"i"},"assumedRoleUser":{"arn":%q,"assumeRoleId":"AROA:x"},
"credentials":{"sessionToken":"session","secretAccessKey":"secret","accessKeyId":"ASIAFAKE","expiration":%d}}`, arn, expiration.Unix())
}

// refuse answers as the service does.
func refuse(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("x-amzn-ErrorType", code)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
	}
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func failure(t *testing.T, err error) *credentials.Failure {
	t.Helper()
	f, ok := errors.AsType[*credentials.Failure](err)
	if !ok {
		t.Fatalf("error %v is no Failure", err)
	}
	return f
}
