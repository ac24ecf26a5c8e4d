// Package exception has the exceptions of the EKS Auth API, each with the status that its model gives it.
package exception

import (
	"fmt"
	"net/http"
	"time"
)

// Kind is an exception of the API's model (eks-auth 2023-11-26).
type Kind string

// After the first four the EKS Pod Identity Agent drops the credentials that it has. Our sidecar keeps them until they expire,
// since an association, a role or a trust policy created seconds ago fails in the same way, and sees in its own identity document
// whether the pod still has the role. After the others every client keeps its credentials.
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

// issued is the result in metrics that is no exception.
const issued = "Issued"

// Result is the value of the label result in metrics: Issued if there is no exception.
func Result(e *Exception) string {
	if e == nil {
		return issued
	}
	return string(e.Kind)
}

// Results are all values of Result. Metrics begin with all of them, so that no series appears later.
func Results() []string {
	results := []string{issued}
	for _, kind := range Kinds() {
		results = append(results, string(kind))
	}
	return results
}

// Status is the HTTP status of the exception.
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
	// RetryAfter is the time after which to retry; zero leaves it to the client.
	RetryAfter time.Duration
}

// New returns an exception with a formatted message.
func New(kind Kind, format string, values ...any) *Exception {
	return &Exception{Kind: kind, Message: fmt.Sprintf(format, values...)}
}

// WithRetryAfter sets RetryAfter, and returns the exception.
func (e *Exception) WithRetryAfter(d time.Duration) *Exception {
	e.RetryAfter = d
	return e
}

// Error implements error.
func (e *Exception) Error() string { return string(e.Kind) + ": " + e.Message }
