package contract

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// ContainerToken is the authorization token of a container in a pod whose tokens are in the environment. Who knows it knows neither the
// token of the pod nor that of another container.
func ContainerToken(podToken, container string) string {
	mac := hmac.New(sha256.New, []byte(podToken))
	mac.Write([]byte(container))
	return hex.EncodeToString(mac.Sum(nil))
}
