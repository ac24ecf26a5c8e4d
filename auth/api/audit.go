package api

import (
	"net/http"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/auth/exception"
)

// audit writes one line for each session that is given and each that is refused, with neither token nor credentials. Requests
// that are turned away for their number are counted only: who sends too many should not fill the log.
func (a API) audit(r *http.Request, x *exchange, refused *exception.Exception) {
	fields := logrus.Fields{"requestID": x.id, "client": r.RemoteAddr}
	for name, value := range map[string]string{
		"namespace": x.pod.Namespace, "serviceAccount": x.pod.ServiceAccount, "pod": x.pod.Name, "uid": x.pod.UID,
		"association": x.identity.Association, "role": x.identity.RoleARN, "targetRole": x.identity.TargetRoleARN,
	} {
		if value != "" {
			fields[name] = value
		}
	}
	log := a.Log.WithFields(fields)
	if refused == nil {
		log.WithFields(logrus.Fields{
			"awsRequestIDs": x.session.RequestIDs, "expiration": x.session.Expiration.UTC(), "again": x.again,
		}).Info("session issued")
		return
	}
	log = log.WithFields(logrus.Fields{"exception": refused.Kind, "reason": refused.Message})
	if refused.Kind == exception.Throttling && x.pod.UID == "" {
		log.Debug("session refused")
		return
	}
	log.Warn("session refused")
}
