package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

const (
	contentType = "application/json"
	noStore     = "no-store"
)

// errorResponse is a response without credentials. No code may be one that an SDK takes for throttling or a timeout, since
// SDKs retry those (README, rule 20).
type errorResponse struct {
	status  int
	code    string
	message string
}

func notFound() errorResponse {
	return errorResponse{http.StatusNotFound, "NotFound", "nothing is served at this path: credentials are at " + credentialsPath}
}

func methodNotAllowed() errorResponse {
	return errorResponse{http.StatusMethodNotAllowed, "MethodNotAllowed", "credentials are read with GET"}
}

func unauthorized() errorResponse {
	return errorResponse{
		http.StatusUnauthorized, "Unauthorized",
		"the Authorization header is missing or wrong: use an AWS SDK that reads AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	}
}

func forbidden(reason string) errorResponse {
	return errorResponse{http.StatusForbidden, "Forbidden", reason + ": send it to http://127.0.0.1 directly, from within the pod"}
}

// unavailable is for what may pass: SDKs retry.
func unavailable(reason string) errorResponse {
	return errorResponse{http.StatusServiceUnavailable, "CredentialsUnavailable", reason}
}

// refused is for what lasts: most SDKs give up at once (README, rule 19).
func refused(reason string) errorResponse {
	return errorResponse{http.StatusForbidden, "CredentialsRefused", reason}
}

// unassociated is for a pod without an association, which SDKs shall not retry either.
func unassociated(reason string) errorResponse {
	return errorResponse{http.StatusForbidden, "NoAssociation", reason}
}

// ServeHTTP writes the response.
func (e errorResponse) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	if e.status == http.StatusMethodNotAllowed {
		header.Set("Allow", http.MethodGet)
	}
	if e.status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	writeJSON(w, e.status, e.body())
}

// body has both spellings, because some SDKs read one and some the other.
func (e errorResponse) body() []byte {
	body, err := json.Marshal(struct {
		LowerCode    string `json:"code"`
		LowerMessage string `json:"message"`
		Code         string `json:"Code"`
		Message      string `json:"Message"`
	}{e.code, e.message, e.code, e.message})
	if err != nil {
		panic(fmt.Sprintf("encode an error response, a struct of strings: %v", err))
	}
	return body
}

// writeJSON writes a response. The content type has no charset, because two SDKs compare it as a whole (README, rule 20).
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", noStore)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that has gone away needs no response.
	_, _ = w.Write(body)
}
