// Package ststest has an STS for tests, in place of AWS STS, which unit tests cannot call, make fail, or ask for the requests that
// it received. Like AWS STS it refuses a wrong signature.
package ststest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Region is the region that requests must be signed for.
const Region = "eu-central-1"

// The identity that may assume roles first.
const (
	ownKey    = "AKIAOWN"
	ownSecret = "secret of the service"
)

// STS issues a session of every role, and accepts the sessions that it issued.
type STS struct {
	*httptest.Server

	mu       sync.Mutex
	answer   http.HandlerFunc
	secrets  map[string]string
	requests []Request
}

// Request is one that STS received, with its form.
type Request struct {
	url.Values
	// AccessKeyID is that of its signature.
	AccessKeyID string
}

// New starts an STS that ends with the test.
func New(t testing.TB) *STS {
	t.Helper()
	s := &STS{secrets: map[string]string{ownKey: ownSecret}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// Config is the AWS configuration of the identity that may assume roles.
func (s *STS) Config() aws.Config {
	return aws.Config{
		Region: Region,
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: ownKey, SecretAccessKey: ownSecret}, nil
		})),
	}
}

// Answer sets the handler of correctly signed requests; nil issues a session.
func (s *STS) Answer(handler http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = handler
}

// Requests are those received so far.
func (s *STS) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *STS) serve(w http.ResponseWriter, r *http.Request) {
	key, err := s.verify(r)
	if err != nil {
		Refuse(http.StatusForbidden, "SignatureDoesNotMatch", err.Error())(w, r)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, Request{Values: r.PostForm, AccessKeyID: key})
	number, answer := len(s.requests), s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	s.succeed(w, r, number)
}

func (s *STS) succeed(w http.ResponseWriter, r *http.Request, number int) {
	key, secret := fmt.Sprintf("ASIA%d", number), "secret of "+r.PostForm.Get("RoleArn")
	s.mu.Lock()
	s.secrets[key] = secret
	s.mu.Unlock()
	Succeed(w, r, key, secret, time.Now().Add(time.Hour))
}
