// Package exception has what the EKS Auth API answers in place of credentials.
package exception

import (
	"fmt"
	"net/http"
	"time"
)

// Kind is an exception of the API's model (eks-auth 2023-11-26).
type Kind string

// The first four tell a client that the credentials it has are not to be used any longer: the EKS agent drops them, and so does
// our sidecar. The others leave them alone.
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
