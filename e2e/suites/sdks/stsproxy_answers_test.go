package sdks_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// roleARN is the role of the identity documents. MinIO's own is no ARN of IAM's, so that the proxy translates.
	roleARN = "arn:aws:iam::111122223333:role/reader"
	// words are those of an STS that refuses for good.
	words = "this STS does not give the role to this pod"
)

// sts answers AssumeRoleWithWebIdentity, and AssumeRole to its own sessions.
func (f *stsProxy) sts(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	m := f.mode
	f.mu.Unlock()
	switch m {
	case unreachable:
		panic(http.ErrAbortHandler)
	case refusing:
		refuse(w, http.StatusForbidden, "IDPRejectedClaim", words)
		return
	case answering:
	}
	status, answer, err := f.exchange(r)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "InternalFailure", err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer) // a client that has gone away does not matter
}

// exchange has MinIO exchange the token, and shortens the lifetime of the session.
func (f *stsProxy) exchange(r *http.Request) (status int, answer string, err error) {
	if err := r.ParseForm(); err != nil {
		return 0, "", err
	}
	if r.PostForm.Get("RoleArn") != roleARN {
		return 0, "", fmt.Errorf("somebody asks for role %q", r.PostForm.Get("RoleArn"))
	}
	form, err := f.formOf(r)
	if err != nil {
		return 0, "", err
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, f.minio.endpoint.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := f.minio.transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }() // only read from
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return response.StatusCode, string(body), err
	}
	// AssumeRole has an answer of its own name, with the same in it.
	return http.StatusOK, strings.ReplaceAll(f.issue(string(body)), "AssumeRoleWithWebIdentity", r.PostForm.Get("Action")), nil
}

// formOf is what MinIO is asked: for a session that assumes a role the last exchange again.
func (f *stsProxy) formOf(r *http.Request) (url.Values, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.PostForm.Get("Action") == "AssumeRole" {
		if !slices.Contains(f.issued, accessKey(r)) {
			return nil, errors.New("a stranger assumes a role")
		}
		return f.exchanged, nil
	}
	f.exchanged = maps.Clone(r.PostForm)
	f.exchanged.Set("RoleArn", f.minio.roleARN)
	return f.exchanged, nil
}

func (f *stsProxy) issue(answer string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := regexp.MustCompile(`<AccessKeyId>(.*?)</AccessKeyId>`).FindStringSubmatch(answer)
	if key == nil {
		return answer
	}
	f.issued = append(f.issued, key[1])
	// MinIO names no session, which Rust's SDK and Kotlin's read the account from.
	answer = strings.ReplaceAll(answer, "<Arn></Arn>", "<Arn>arn:aws:sts::111122223333:assumed-role/reader/client</Arn>")
	if f.lifetime == 0 {
		return answer
	}
	f.ends[key[1]] = time.Now().Add(f.lifetime)
	end := f.ends[key[1]].UTC().Format(time.RFC3339)
	return regexp.MustCompile(`<Expiration>.*?</Expiration>`).ReplaceAllString(answer, "<Expiration>"+end+"</Expiration>")
}

// refuse answers as AWS does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
}

func mustParse(address string) *url.URL {
	parsed, err := url.Parse(address)
	if err != nil {
		panic(err) // of our own making
	}
	return parsed
}
