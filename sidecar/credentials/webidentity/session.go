package webidentity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
	// sessionNameLimit is STS's, in characters.
	sessionNameLimit = 64
	// namespaceShare is what of the limit a long namespace leaves to a long pod name.
	namespaceShare = 24
	// digestLength in hexadecimal characters makes truncated names of one namespace differ.
	digestLength = 8
)

// SessionName names the pod's session, <pod>@<namespace>, the same for the pod's whole life. It is what CloudTrail shows.
// Every legal pod name is valid in it; one too long is cut and followed by a digest of both names and the UID.
func SessionName(pod Pod) string {
	if pod.Name == "" || pod.Namespace == "" {
		return contract.ContainerName
	}
	whole := pod.Name + "@" + pod.Namespace
	if len(whole) <= sessionNameLimit {
		return whole
	}
	sum := sha256.Sum256([]byte(whole + "/" + pod.UID))
	digest := hex.EncodeToString(sum[:])[:digestLength]
	room := sessionNameLimit - len("=@") - digestLength
	namespace := pod.Namespace[:min(len(pod.Namespace), max(namespaceShare, room-len(pod.Name)))]
	return pod.Name[:min(len(pod.Name), room-len(namespace))] + "=" + digest + "@" + namespace
}

// session is STS's answer as credentials.
func session(c *types.Credentials, user *types.AssumedRoleUser, role string, metadata middleware.Metadata) (credentials.Credentials, error) {
	if c == nil {
		return credentials.Credentials{}, errors.New("STS answered without credentials: check what answers at its address")
	}
	accountID := exchange.Account(role)
	if user != nil && exchange.Account(aws.ToString(user.Arn)) != "" {
		accountID = exchange.Account(*user.Arn)
	}
	return credentials.Credentials{
		AccessKeyID:     aws.ToString(c.AccessKeyId),
		SecretAccessKey: aws.ToString(c.SecretAccessKey),
		SessionToken:    aws.ToString(c.SessionToken),
		Expiration:      byThisClock(aws.ToTime(c.Expiration), metadata),
		AccountID:       accountID,
	}, nil
}

// byThisClock is exchange.ByThisClock with the clocks as the SDK has noted them.
func byThisClock(moment time.Time, metadata middleware.Metadata) time.Time {
	server, _ := awsmiddleware.GetServerTime(metadata)
	local, _ := awsmiddleware.GetResponseAt(metadata)
	return exchange.ByThisClock(moment, server, local)
}
