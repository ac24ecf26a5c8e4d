package ststest

import (
	"fmt"
	"net/http"
	"time"
)

// Succeed answers as STS does.
func Succeed(w http.ResponseWriter, r *http.Request, key, secret string, expiration time.Time) {
	w.Header().Set("x-amzn-RequestId", "request-"+key)
	//nolint:gosec // no browser reads it
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>
<SessionToken>session of %s</SessionToken><Expiration>%s</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/x/%s</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
</AssumeRoleResult><ResponseMetadata><RequestId>request-%s</RequestId></ResponseMetadata></AssumeRoleResponse>`,
		key, secret, r.PostForm.Get("RoleArn"), expiration.UTC().Format(time.RFC3339), r.PostForm.Get("RoleSessionName"), key)
}

// Refuse answers as STS refuses.
func Refuse(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>%s</Code><Message>%s</Message></Error><RequestId>refused</RequestId></ErrorResponse>`, code, message)
	}
}
