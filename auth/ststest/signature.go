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

// verify signs the request once more, with the secret that belongs to its access key, and compares. It reads the form too.
func (s *STS) verify(r *http.Request) (key string, err error) {
	parts := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/sts/aws4_request, SignedHeaders=([^,]+), Signature=`).
		FindStringSubmatch(r.Header.Get("Authorization"))
	if parts == nil || parts[2] != Region {
		return "", fmt.Errorf("not signed for sts in %s", Region)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	again, err := s.unsigned(r, body, strings.Split(parts[3], ";"))
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	secret, known := s.secrets[parts[1]]
	s.mu.Unlock()
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || !known {
		return "", fmt.Errorf("no date, or unknown key %s: %w", parts[1], err)
	}
	digest := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: parts[1], SecretAccessKey: secret, SessionToken: r.Header.Get("X-Amz-Security-Token")}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(digest[:]), "sts", Region, at); err != nil {
		return "", err
	}
	if again.Header.Get("Authorization") != r.Header.Get("Authorization") {
		return "", errors.New("the signature is not that of the key")
	}
	r.PostForm, err = url.ParseQuery(string(body))
	return parts[1], err
}

// unsigned is the request as it was before it was signed: with the headers that were.
func (s *STS) unsigned(r *http.Request, body []byte, signed []string) (*http.Request, error) {
	//nolint:gosec // it is signed, not sent
	again, err := http.NewRequestWithContext(r.Context(), r.Method, s.URL+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, name := range signed {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return again, nil
}
