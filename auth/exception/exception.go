// Package exception has what the EKS Auth API answers in place of credentials.
package exception

import (
	"fmt"
	"net/http"
	"time"
)

// Kind is an exception of the API's model (eks-auth 2023-11-26).
type Kind string

// The first four tell a client that its right has ended: the EKS agent drops the credentials that it has. Our sidecar keeps them
// to their end, since an association, a role or a trust policy made seconds ago is refused as well, and learns from its own
// identity document when the right has really gone. The others leave credentials alone.
const (
	AccessDenied       Kind = "AccessDeniedException"
	ExpiredToken       Kind = "ExpiredTokenException"
	InvalidToken       Kind = "InvalidTokenException"
	ResourceNotFound   Kind = "ResourceNotFoundException"
	InvalidParameter   Kind = "InvalidParameterException"
	InvalidRequest     Kind = "InvalidRequestException"
	Throttling         Kind = "ThrottlingException"
	InternalServer     Kind = "InternalServerException"
	ServiceUnavailable Kind = "ServiceUnavailableException"
)

// Kinds are all exceptions.
func Kinds() []Kind {
	return []Kind{
		AccessDenied, ExpiredToken, InvalidToken, ResourceNotFound, InvalidParameter, InvalidRequest, Throttling,
		InternalServer, ServiceUnavailable,
	}
}

// Status is the HTTP status with which the exception travels.
func (k Kind) Status() int {
	switch k {
	case ResourceNotFound:
		return http.StatusNotFound
	case Throttling:
		return http.StatusTooManyRequests
	case InternalServer:
		return http.StatusInternalServerError
	case ServiceUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// Exception is the error that the client gets.
type Exception struct {
	Kind Kind
	// Message says what is wrong and what to do. It has no secret in it.
	Message string
	// RetryAfter is when to ask again; zero leaves it to the client.
	RetryAfter time.Duration
}

// New returns an exception with a formatted message.
func New(kind Kind, format string, values ...any) *Exception {
	return &Exception{Kind: kind, Message: fmt.Sprintf(format, values...)}
}

// After returns the exception with the time after which to ask again.
func (e *Exception) After(d time.Duration) *Exception {
	e.RetryAfter = d
	return e
}

// Error implements error.
func (e *Exception) Error() string { return string(e.Kind) + ": " + e.Message }
