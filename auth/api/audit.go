package api

import (
	"net/http"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/auth/exception"
)

// audit writes one line for each session that is issued and each that is refused, with neither token nor credentials. Requests
// over the limits are only counted: a client that sends too many must not fill the log.
func (a API) audit(r *http.Request, rc *requestContext, refused *exception.Exception) {
	fields := logrus.Fields{"requestID": rc.id, "client": r.RemoteAddr}
	for name, value := range map[string]string{
		"namespace": rc.pod.Namespace, "serviceAccount": rc.pod.ServiceAccount, "pod": rc.pod.Name, "uid": rc.pod.UID,
		"container": rc.identity.Container, "association": rc.identity.Association, "role": rc.identity.RoleARN, "targetRole": rc.identity.TargetRoleARN,
	} {
		if value != "" {
			fields[name] = value
		}
	}
	log := a.Log.WithFields(fields)
	if refused == nil {
		log.WithFields(logrus.Fields{
			"awsRequestIDs": rc.session.RequestIDs, "expiration": rc.session.Expiration.UTC(), "cached": rc.cached,
		}).Info("session issued")
		return
	}
	log = log.WithFields(logrus.Fields{"exception": refused.Kind, "reason": refused.Message})
	if refused.Kind == exception.Throttling && rc.pod.UID == "" {
		log.Debug("session refused")
		return
	}
	log.Warn("session refused")
}
