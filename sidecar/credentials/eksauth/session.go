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

// assumeRoleResponse has the fields of AssumeRoleForPodIdentityResponse that are used.
type assumeRoleResponse struct {
	User struct {
		ARN string `json:"arn"`
	} `json:"assumedRoleUser"`
	Credentials struct {
		AccessKeyID     string `json:"accessKeyId"`
		SecretAccessKey string `json:"secretAccessKey"`
		SessionToken    string `json:"sessionToken"`
		// Expiration is in seconds since the epoch, with or without a fraction (Smithy, epoch-seconds).
		Expiration float64 `json:"expiration"`
	} `json:"credentials"`
}

// maxExpiration is the last second of the year 9999. No later time can be formatted for the SDKs.
const maxExpiration = 253402300799

// session converts the response of the service, if it is a session of the identity's role.
func (s Source) session(response *http.Response, id contract.Identity, secrets []string) (credentials.Credentials, error) {
	local := time.Now()
	var a assumeRoleResponse
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		return credentials.Credentials{}, s.errorFailure(err, response.StatusCode, secrets)
	}
	c := a.Credentials
	if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "" || c.Expiration <= 0 || c.Expiration > maxExpiration {
		return credentials.Credentials{}, transient(s.service().Name + " answered with incomplete credentials: check what answers at its address")
	}
	if err := s.checkRole(a.User.ARN, expectedRole(id)); err != nil {
		return credentials.Credentials{}, err
	}
	// Amazon's own service does not send this header.
	if digest := response.Header.Get(contract.HeaderIdentityDigest); digest != "" && digest != id.Digest() {
		return credentials.Credentials{}, transient("the auth service gave a session by another version of the association, such as one with another policy, or by other labels of the pod: the change has not reached both yet, and the sidecar retries")
	}
	// Without a Date header, server is zero.
	server, _ := http.ParseTime(response.Header.Get("Date"))
	return credentials.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		Expiration: exchange.ToLocalClock(time.Unix(int64(c.Expiration), 0).UTC(), server, local),
		AccountID:  exchange.Account(a.User.ARN),
	}, nil
}

// expectedRole is the one whose session the application gets.
func expectedRole(id contract.Identity) string {
	if id.TargetRoleARN != "" {
		return id.TargetRoleARN
	}
	return id.RoleARN
}

// checkRole refuses a session of another role. The service may not have seen yet that an association changed, and credentials that
// are accepted are kept for half an hour. The ARN of a session omits the path of its role.
func (s Source) checkRole(session, role string) error {
	sameName := exchange.Role(session) == exchange.Role(role)
	got, want := exchange.Account(session), exchange.Account(role)
	if sameName && (got == want || got == "" || want == "") {
		return nil
	}
	if s.Region != "" {
		return transient(fmt.Sprintf("EKS Auth gave the session %s and not one of role %s: let the EKS Pod Identity association and the PodIdentityAssociation name the same role", session, role))
	}
	return transient(fmt.Sprintf("the auth service gave the session %s and not one of role %s: it has not seen the change of the association yet, and the sidecar retries", session, role))
}
