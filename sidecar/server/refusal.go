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

// refusal is an answer that is not credentials. No code of it may be one that an SDK takes for throttling or a timeout,
// since those are retried (README, rule 20).
type refusal struct {
	status  int
	code    string
	message string
}

func notFound() refusal {
	return refusal{http.StatusNotFound, "NotFound", "there is nothing at this path: credentials are at " + credentialsPath}
}

func methodNotAllowed() refusal {
	return refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "credentials are read with GET"}
}

func unauthorized() refusal {
	return refusal{
		http.StatusUnauthorized, "Unauthorized",
		"the Authorization header is missing or wrong: use an AWS SDK that reads AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	}
}

func foreign(what string) refusal {
	return refusal{http.StatusForbidden, "Forbidden", what + ": ask http://127.0.0.1 directly, from within the pod"}
}

// unavailable is for what may pass: SDKs try again.
func unavailable(reason string) refusal {
	return refusal{http.StatusServiceUnavailable, "CredentialsUnavailable", reason}
}

// refused is for what lasts: most SDKs give up at once (README, rule 19).
func refused(reason string) refusal {
	return refusal{http.StatusForbidden, "CredentialsRefused", reason}
}

// unassociated is a refusal as well, by nobody but the cluster's own associations.
func unassociated(reason string) refusal {
	return refusal{http.StatusForbidden, "NoAssociation", reason}
}

// ServeHTTP sends the refusal.
func (f refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	if f.status == http.StatusMethodNotAllowed {
		header.Set("Allow", http.MethodGet)
	}
	if f.status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	send(w, f.status, f.body())
}

// body has both spellings, because some SDKs read the one and some the other.
func (f refusal) body() []byte {
	body, err := json.Marshal(struct {
		LowerCode    string `json:"code"`
		LowerMessage string `json:"message"`
		Code         string `json:"Code"`
		Message      string `json:"Message"`
	}{f.code, f.message, f.code, f.message})
	if err != nil {
		panic(fmt.Sprintf("encode a refusal, a struct of strings: %v", err))
	}
	return body
}

// send sends a JSON text. The type has no charset, because two SDKs compare it as a whole (README, rule 20).
func send(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", noStore)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that has gone away is nobody's problem.
	_, _ = w.Write(body)
}
