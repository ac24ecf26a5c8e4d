package eksauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

// answer is what is read of AssumeRoleForPodIdentityResponse.
type answer struct {
	User struct {
		ARN string `json:"arn"`
	} `json:"assumedRoleUser"`
	Credentials struct {
		AccessKeyID     string `json:"accessKeyId"`
		SecretAccessKey string `json:"secretAccessKey"`
		SessionToken    string `json:"sessionToken"`
		// Expiration is in seconds since the epoch, a number with or without a fraction (Smithy, epoch-seconds).
		Expiration float64 `json:"expiration"`
	} `json:"credentials"`
}

// latest is the last second of the year 9999, behind which no answer can be written in the form that SDKs read.
const latest = 253402300799

// session is the service's answer as credentials of the identity.
func (s Source) session(response *http.Response, id contract.Identity, secrets []string) (credentials.Credentials, error) {
	local := time.Now()
	var a answer
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		return credentials.Credentials{}, s.unheard(err, response.StatusCode, secrets)
	}
	c := a.Credentials
	if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "" || c.Expiration <= 0 || c.Expiration > latest {
		return credentials.Credentials{}, transient(s.service().Name + " answered without a complete set of credentials: check what answers at its address")
	}
	if err := s.compare(a.User.ARN, expected(id)); err != nil {
		return credentials.Credentials{}, err
	}
	// Amazon's own service does not say.
	if given := response.Header.Get(contract.HeaderIdentity); given != "" && given != id.Digest() {
		return credentials.Credentials{}, transient("the auth service gives a session by another state of the association, such as with another policy: one of us has not seen its change yet, and the service is asked again by itself")
	}
	// Without a Date, server is zero.
	server, _ := http.ParseTime(response.Header.Get("Date"))
	return credentials.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		Expiration: exchange.ByThisClock(time.Unix(int64(c.Expiration), 0).UTC(), server, local),
		AccountID:  exchange.Account(a.User.ARN),
	}, nil
}

// expected is the role that the application gets.
func expected(id contract.Identity) string {
	if id.TargetRoleARN != "" {
		return id.TargetRoleARN
	}
	return id.RoleARN
}

// compare refuses a session of another role than the identity's. Right after an association changed, the service may not have
// seen the change yet, and a set once taken for good is kept for half an hour. A session's ARN leaves out the path of its role.
func (s Source) compare(session, role string) error {
	sameName := exchange.Role(session) == exchange.Role(role)
	account, wanted := exchange.Account(session), exchange.Account(role)
	if sameName && (account == wanted || account == "" || wanted == "") {
		return nil
	}
	if s.Region != "" {
		return transient(fmt.Sprintf("EKS Auth gives a session of %s and not of role %s: let the association of EKS and the PodIdentityAssociation name the same role", session, role))
	}
	return transient(fmt.Sprintf("the auth service gives a session of %s and not of role %s: it has not seen the association's change yet, and is asked again by itself", session, role))
}
