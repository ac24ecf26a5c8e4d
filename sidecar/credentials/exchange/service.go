package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Service describes who gives the credentials, for the message of a failure.
type Service struct {
	// Name of the service.
	Name string
	// TrustRemedy says what to do if its certificate is not trusted.
	TrustRemedy string
	// NetworkRemedy says what to do if it cannot be reached.
	NetworkRemedy string
}

// DescribeError describes a failure about which the service itself says nothing. Status is that of its response, or zero if there
// was none.
func (s Service) DescribeError(err error, status int) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("%s did not answer in time: check the network between this pod and %s", s.Name, s.Name)
	}
	request, sent := errors.AsType[*url.Error](err)
	if !sent && status != 0 {
		return fmt.Sprintf("%s answered %d %s without a readable message: check what answers at its address", s.Name, status, http.StatusText(status))
	}
	if !sent {
		return fmt.Sprintf("no request could be sent to %s: %v", s.Name, err)
	}
	host := s.Name
	if u, err := url.Parse(request.URL); err == nil {
		host += " at " + u.Host
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("%s is not trusted: %v: %s", host, request.Err, s.TrustRemedy)
	}
	return fmt.Sprintf("%s cannot be reached: %v: %s", host, request.Err, s.NetworkRemedy)
}
