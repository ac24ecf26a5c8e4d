package sdks_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"
)

// stsMode is how the proxy answers as an STS.
type stsMode int

const (
	answering stsMode = iota
	// unreachable is an STS that cannot be reached.
	unreachable
	// refusing is one that refuses the role for good.
	refusing
)

// stsProxy is what one sidecar and one client take for STS and S3. Tokens, sessions and signatures are checked by MinIO, to which
// it passes every request on. It is a fake in three things that MinIO does not do on command: it can be away, it can refuse for
// good, and it can give sessions of less than 15 minutes, which it takes for expired itself. And MinIO lets no session assume a role: the
// proxy looks up who signs that, and repeats the exchange of the token. MinIO gives sessions no ARN: the proxy gives all the same.
type stsProxy struct {
	*httptest.Server
	minio upstream
	// lifetime is that of the sessions; zero leaves it to MinIO.
	lifetime time.Duration

	mu   sync.Mutex
	mode stsMode
	// ends has when each session ends, by access key, and issued the access keys in the order in which they were given.
	ends   map[string]time.Time
	issued []string
	// exchanged is the last exchange of a token.
	exchanged url.Values
	// signed are the access keys with which requests were signed that S3 has granted, in the order of the first.
	signed []string
}

// upstream is MinIO, in the network of a cluster.
type upstream struct {
	endpoint  *url.URL
	transport http.RoundTripper
	roleARN   string
}

func newSTSProxy(minio upstream, lifetime time.Duration, m stsMode) *stsProxy {
	f := &stsProxy{minio: minio, lifetime: lifetime, mode: m, ends: map[string]time.Time{}}
	proxy := &httputil.ReverseProxy{
		// The Host stays as it came, for it is signed.
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = minio.endpoint.Scheme, minio.endpoint.Host
		},
		Transport:      minio.transport,
		ModifyResponse: f.record,
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/":
			f.sts(w, r)
		case f.expired(accessKey(r)):
			refuse(w, http.StatusBadRequest, "ExpiredToken", "the session has expired")
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	return f
}

func (f *stsProxy) setMode(m stsMode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = m
}

func (f *stsProxy) expired(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	end, known := f.ends[key]
	return known && time.Now().After(end)
}

// record remembers who signed what S3 has granted. To whom asks whether an object is there, it hides the object until a second
// session is in use: so one process of the AWS CLI, which waits for the object, lives through a refresh.
func (f *stsProxy) record(response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if key := accessKey(response.Request); !slices.Contains(f.signed, key) {
		f.signed = append(f.signed, key)
	}
	if response.Request.Method == http.MethodHead && len(f.signed) < 2 {
		response.StatusCode, response.Status = http.StatusNotFound, ""
	}
	return nil
}

// sessions are the access keys given so far, and those of them that have signed what was granted.
func (f *stsProxy) sessions() (issued, signed []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.issued), slices.Clone(f.signed)
}

// accessKey is that of a request's signature, or empty.
func accessKey(r *http.Request) string {
	found := regexp.MustCompile(`Credential=([^/,]+)/`).FindStringSubmatch(r.Header.Get("Authorization"))
	if found == nil {
		return ""
	}
	return found[1]
}
