// Package ststest has an STS for tests. It stands in for AWS STS, which no unit test may call, which does not fail on command,
// and which tells nobody what it was asked. It is strict where AWS is: a wrong signature is refused.
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

// Region is the one that requests must be signed for.
const Region = "eu-central-1"

// The identity that may assume roles first.
const (
	ownKey    = "AKIAOWN"
	ownSecret = "secret of the service"
)

// STS gives a session for every role, with the key pair of each it gave.
type STS struct {
	*httptest.Server

	mu      sync.Mutex
	answer  http.HandlerFunc
	secrets map[string]string
	asked   []Request
}

// Request is what STS was asked, and by whom.
type Request struct {
	url.Values
	// AccessKeyID has signed it.
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

// Config is the AWS configuration of who may assume roles.
func (s *STS) Config() aws.Config {
	return aws.Config{
		Region: Region,
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: ownKey, SecretAccessKey: ownSecret}, nil
		})),
	}
}

// Answer has it answer by the handler; nil is a session for whoever signs well.
func (s *STS) Answer(handler http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = handler
}

// Asked are the requests so far.
func (s *STS) Asked() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.asked...)
}

func (s *STS) serve(w http.ResponseWriter, r *http.Request) {
	key, err := s.verify(r)
	if err != nil {
		Refuse(http.StatusForbidden, "SignatureDoesNotMatch", err.Error())(w, r)
		return
	}
	s.mu.Lock()
	s.asked = append(s.asked, Request{Values: r.PostForm, AccessKeyID: key})
	number, answer := len(s.asked), s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	s.give(w, r, number)
}

func (s *STS) give(w http.ResponseWriter, r *http.Request, number int) {
	key, secret := fmt.Sprintf("ASIA%d", number), "secret of "+r.PostForm.Get("RoleArn")
	s.mu.Lock()
	s.secrets[key] = secret
	s.mu.Unlock()
	Succeed(w, r, key, secret, time.Now().Add(time.Hour))
}
