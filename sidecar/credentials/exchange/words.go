package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Service is who is asked, in the words of a failure.
type Service struct {
	// Name of the service.
	Name string
	// Trust and Reach say what to do where its certificate is not trusted, and where it cannot be reached.
	Trust, Reach string
}

// Unheard words a failure in which the service said nothing; status is zero where it did not answer at all.
func (s Service) Unheard(err error, status int) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("%s did not answer in time: check the network between this pod and %s", s.Name, s.Name)
	}
	request, sent := errors.AsType[*url.Error](err)
	if !sent && status != 0 {
		return fmt.Sprintf("%s answered %d %s and nothing readable: check what answers at its address", s.Name, status, http.StatusText(status))
	}
	if !sent {
		return fmt.Sprintf("%s could not be asked: %v", s.Name, err)
	}
	host := s.Name
	if u, err := url.Parse(request.URL); err == nil {
		host += " at " + u.Host
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("%s is not trusted: %v: %s", host, request.Err, s.Trust)
	}
	return fmt.Sprintf("%s cannot be reached: %v: %s", host, request.Err, s.Reach)
}
