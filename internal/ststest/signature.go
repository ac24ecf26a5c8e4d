package ststest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// verify verifies the signature of a request, and reads its form.
func (s *STS) verify(r *http.Request) (key string, err error) {
	key, body, err := Verify(r, s.URL, "sts", func(key string) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.secrets[key]
	})
	if err != nil {
		return "", err
	}
	r.PostForm, err = url.ParseQuery(string(body))
	return key, err
}

// Verify signs a request for a service in Region again, with the secret of its access key, and compares the signatures. Address is
// the URL that the client used. It returns the access key, and the body, which it has read.
func Verify(r *http.Request, address, service string, secret func(key string) string) (key string, body []byte, err error) {
	parts := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=`).
		FindStringSubmatch(r.Header.Get("Authorization"))
	if parts == nil || parts[2] != Region || parts[3] != service {
		return "", nil, fmt.Errorf("not signed for %s in %s", service, Region)
	}
	if body, err = io.ReadAll(r.Body); err != nil {
		return "", nil, err
	}
	resigned, err := unsigned(r, address, body, strings.Split(parts[4], ";"))
	if err != nil {
		return "", nil, err
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	credentials := aws.Credentials{AccessKeyID: parts[1], SecretAccessKey: secret(parts[1]), SessionToken: r.Header.Get("X-Amz-Security-Token")}
	if err != nil || credentials.SecretAccessKey == "" {
		return "", nil, fmt.Errorf("no date, or unknown key %s: %w", parts[1], err)
	}
	digest := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, resigned, hex.EncodeToString(digest[:]), service, Region, at); err != nil {
		return "", nil, err
	}
	if resigned.Header.Get("Authorization") != r.Header.Get("Authorization") {
		return "", nil, errors.New("the signature is not that of the key")
	}
	return parts[1], body, nil
}

// unsigned is the request before it was signed, with only the headers that are signed.
func unsigned(r *http.Request, address string, body []byte, signed []string) (*http.Request, error) {
	//nolint:gosec // it is signed, not sent
	resigned, err := http.NewRequestWithContext(r.Context(), r.Method, address+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, name := range signed {
		if values := r.Header.Values(name); len(values) > 0 {
			resigned.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return resigned, nil
}
