package webidentity

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

const (
	// maxSessionName is the limit of STS, in characters.
	maxSessionName = 64
	// namespaceShare is what a long namespace keeps of the limit beside a long pod name.
	namespaceShare = 24
	// digestLength, in hexadecimal characters, makes truncated names differ.
	digestLength = 8
)

// SessionName is the name of the pod's session, <pod>@<namespace>, which CloudTrail shows. It stays the same for the life of the
// pod. Every valid pod name is valid in it. A name that is too long is cut, and followed by a digest of both names and the UID.
func SessionName(pod Pod) string {
	if pod.Name == "" || pod.Namespace == "" {
		return contract.ContainerName
	}
	full := pod.Name + "@" + pod.Namespace
	if len(full) <= maxSessionName {
		return full
	}
	sum := sha256.Sum256([]byte(full + "/" + pod.UID))
	digest := hex.EncodeToString(sum[:])[:digestLength]
	room := maxSessionName - len("=@") - digestLength
	namespace := pod.Namespace[:min(len(pod.Namespace), max(namespaceShare, room-len(pod.Name)))]
	return pod.Name[:min(len(pod.Name), room-len(namespace))] + "=" + digest + "@" + namespace
}

// session converts the response of STS.
func session(c *types.Credentials, user *types.AssumedRoleUser, role string, metadata middleware.Metadata) (credentials.Credentials, error) {
	if c == nil {
		return credentials.Credentials{}, &credentials.Failure{Reason: service().Name + " answered without credentials: check what answers at its address"}
	}
	accountID := exchange.Account(role)
	if user != nil && exchange.Account(aws.ToString(user.Arn)) != "" {
		accountID = exchange.Account(*user.Arn)
	}
	return credentials.Credentials{
		AccessKeyID:     aws.ToString(c.AccessKeyId),
		SecretAccessKey: aws.ToString(c.SecretAccessKey),
		SessionToken:    aws.ToString(c.SessionToken),
		Expiration:      toLocalClock(aws.ToTime(c.Expiration), metadata),
		AccountID:       accountID,
	}, nil
}

// toLocalClock uses the times that the SDK has recorded.
func toLocalClock(moment time.Time, metadata middleware.Metadata) time.Time {
	server, _ := awsmiddleware.GetServerTime(metadata)
	local, _ := awsmiddleware.GetResponseAt(metadata)
	return exchange.ToLocalClock(moment, server, local)
}
