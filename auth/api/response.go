package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/contract"
)

// response is AssumeRoleForPodIdentityResponse. The model requires all of its members.
type response struct {
	Subject     subject     `json:"subject"`
	Audience    string      `json:"audience"`
	Association podIdentity `json:"podIdentityAssociation"`
	User        user        `json:"assumedRoleUser"`
	Credentials credentials `json:"credentials"`
}

type subject struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
}

type podIdentity struct {
	ARN string `json:"associationArn"`
	ID  string `json:"associationId"`
}

type user struct {
	ARN string `json:"arn"`
	ID  string `json:"assumeRoleId"`
}

type credentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	// Expiration is in seconds since the epoch, as rest-json has it.
	Expiration int64 `json:"expiration"`
}

func (a API) writeSession(w http.ResponseWriter, rc *requestContext) {
	w.Header().Set(contract.HeaderIdentityDigest, rc.identity.Digest())
	write(w, rc.id, http.StatusOK, response{
		Subject:     subject{Namespace: rc.pod.Namespace, ServiceAccount: rc.pod.ServiceAccount},
		Audience:    contract.AuthAudience,
		Association: podIdentity{ARN: a.associationARN(rc.identity.Association), ID: rc.identity.Association},
		User:        user{ARN: rc.session.UserARN, ID: rc.session.UserID},
		Credentials: credentials{
			AccessKeyID: rc.session.AccessKeyID, SecretAccessKey: rc.session.SecretAccessKey,
			SessionToken: rc.session.SessionToken, Expiration: rc.session.Expiration.Unix(),
		},
	})
}

// associationARN has the form of EKS, with the name of the PodIdentityAssociation in place of an ID.
func (a API) associationARN(name string) string {
	cluster, _ := strings.CutSuffix(a.ClusterARN, ":cluster/"+a.ClusterName)
	return cluster + ":podidentityassociation/" + a.ClusterName + "/" + name
}

// toException is the error as the client gets it, or nil.
func toException(err error) *exception.Exception {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*exception.Exception](err); ok {
		return refused
	}
	return exception.New(exception.InternalServer, "the auth service failed: see its log")
}

// writeException writes the type into the header and the body, since SDKs differ in where they look for it.
func writeException(w http.ResponseWriter, id string, refused *exception.Exception) {
	w.Header().Set("x-amzn-ErrorType", string(refused.Kind))
	if refused.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(refused.RetryAfter)/float64(time.Second)))))
	}
	write(w, id, refused.Kind.Status(), map[string]string{"__type": string(refused.Kind), "message": refused.Message})
}

func write(w http.ResponseWriter, id string, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("encode a struct of strings: %v", err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("x-amzn-RequestId", id)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client has gone away
}
