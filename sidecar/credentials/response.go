package credentials

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

const (
	// earlyExpiry is how much earlier than the credentials really expire a response says so, for clients that use them to their
	// last second. earlyExpiryMinLife is the remaining life that they need for that (README, rule 28).
	earlyExpiry        = time.Minute
	earlyExpiryMinLife = 5 * time.Minute
)

// Body is the body of a response, encoded once for all requests.
type Body struct {
	// Bytes is JSON. It holds secrets.
	Bytes []byte
	// Length is the number of Bytes, as the value of an HTTP header.
	Length []string
}

// response is a set of credentials, encoded with either expiration.
type response struct {
	credentials Credentials
	// epoch is that of the Keeper for whose identity it was fetched.
	epoch int64
	early Body
	exact Body
}

func newResponse(c Credentials, epoch int64) *response {
	return &response{
		credentials: c,
		epoch:       epoch,
		early:       encode(c, c.Expiration.Add(-earlyExpiry)),
		exact:       encode(c, c.Expiration),
	}
}

// responseJSON has these five names and no other (README, rule 21).
type responseJSON struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string `json:"SecretAccessKey"`
	Token           string `json:"Token"`
	Expiration      string `json:"Expiration"`
	AccountID       string `json:"AccountId,omitempty"`
}

func encode(c Credentials, expiration time.Time) Body {
	bytes, err := json.Marshal(responseJSON{
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

// timestamp has the only form that every SDK parses: UTC, whole seconds, Z (README, rule 22).
func timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
