package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/podidentity/podidentity/auth/exception"
)

// maxRequest bounds a request; a token of a service account has about 1.5 KB.
const maxRequest = 32 << 10

// legal are the characters of a token's parts.
const legal = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="

// readToken reads the request of the model. What the token says is for the API server to judge; its form is the model's.
func readToken(r *http.Request) (string, error) {
	var request struct {
		Token *string `json:"token"`
	}
	err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxRequest)).Decode(&request)
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return "", exception.New(exception.InvalidRequest, "the request has more than %d bytes: send the token alone", maxRequest)
	}
	if err != nil {
		// The decoder's words repeat the request, and so the token.
		return "", exception.New(exception.InvalidRequest, `the request is not a JSON object: send {"token": "..."}`)
	}
	if request.Token == nil {
		return "", exception.New(exception.InvalidParameter, `the request has no token: send {"token": "..."}`)
	}
	if !isToken(*request.Token) {
		return "", exception.New(exception.InvalidParameter, "the token is not a JSON Web Token: send what the projected token file holds")
	}
	return *request.Token, nil
}

// isToken tells whether text is three parts of letters, digits, '-', '_' and '=', with dots between them.
func isToken(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	for _, part := range parts {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return !strings.ContainsRune(legal, r) }) {
			return false
		}
	}
	return true
}
