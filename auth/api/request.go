package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/podidentity/podidentity/auth/exception"
)

// tokenCharacters are those of the parts of a token.
const tokenCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="

// readToken reads the token from a request. It checks the form that the API's model requires, and leaves the rest to the API server.
func readToken(r *http.Request) (string, error) {
	var request struct {
		Token *string `json:"token"`
	}
	err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxRequestBytes)).Decode(&request)
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return "", exception.New(exception.InvalidRequest, "the request has more than %d bytes: send only the token", maxRequestBytes)
	}
	if err != nil {
		// The error of the decoder may repeat the request, and so the token.
		return "", exception.New(exception.InvalidRequest, `the request is not a JSON object: send {"token": "..."}`)
	}
	if request.Token == nil {
		return "", exception.New(exception.InvalidParameter, `the request has no token: send {"token": "..."}`)
	}
	if !isToken(*request.Token) {
		return "", exception.New(exception.InvalidParameter, "the token is not a JSON Web Token: send the content of the projected token file")
	}
	return *request.Token, nil
}

// isToken reports whether text is three parts of letters, digits, '-', '_' and '=', with dots between them.
func isToken(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	for _, part := range parts {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return !strings.ContainsRune(tokenCharacters, r) }) {
			return false
		}
	}
	return true
}
