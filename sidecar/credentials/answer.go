package credentials

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

const (
	// head is how much earlier than the truth an answer says it expires, for clients that use a set to its last second,
	// and longEnough the life it must have for that (README, rule 28).
	head       = time.Minute
	longEnough = 5 * time.Minute
)

// Body is an answer, encoded once for all requests.
type Body struct {
	// Bytes is the JSON text. It holds secrets.
	Bytes []byte
	// Length is the number of Bytes, as the value of an HTTP header.
	Length []string
}

// answer is a set of credentials ready to be sent.
type answer struct {
	credentials Credentials
	early       Body
	exact       Body
}

func newAnswer(c Credentials) *answer {
	return &answer{
		credentials: c,
		early:       encode(c, c.Expiration.Add(-head)),
		exact:       encode(c, c.Expiration),
	}
}

// document is the body of a success: these five names, no other (README, rule 21).
type document struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string `json:"SecretAccessKey"`
	Token           string `json:"Token"`
	Expiration      string `json:"Expiration"`
	AccountID       string `json:"AccountId,omitempty"`
}

func encode(c Credentials, expiration time.Time) Body {
	bytes, err := json.Marshal(document{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: c.SecretAccessKey,
		Token:           c.SessionToken,
		Expiration:      timestamp(expiration),
		AccountID:       c.AccountID,
	})
	if err != nil {
		panic(fmt.Sprintf("encode credentials, a struct of strings: %v", err))
	}
	return Body{Bytes: bytes, Length: []string{strconv.Itoa(len(bytes))}}
}

// timestamp is the one form that every SDK parses: UTC, whole seconds, Z (README, rule 22).
func timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
