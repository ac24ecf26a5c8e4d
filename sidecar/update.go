package main

import (
	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/server"
)

// updater sets the identities that a document gives. Before any container has one for itself, it has the tokens replaced that an earlier
// process wrote.
type updater struct {
	sets   *credentials.Sets
	tokens *server.Tokens
	log    logrus.FieldLogger
}

// set requires that this process listens.
func (u updater) set(r identity.Reading) error {
	if len(r.Containers) > 0 {
		if err := u.rotate(); err != nil {
			return err
		}
	}
	u.sets.SetIdentities(r)
	return nil
}

// rotate replaces the tokens that an earlier process wrote. If it fails, the sidecar has to end.
func (u updater) rotate() error {
	rotated, err := u.tokens.Rotate()
	if rotated {
		u.log.Info("replaced the authorization tokens, which containers may have been sent while this container was away")
	}
	return err
}
