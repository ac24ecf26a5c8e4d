// Package policies_test proves that nobody but the product changes what the product writes into pods, that the product changes
// nothing else there, and that associations keep to the policies for them.
package policies_test

import (
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// Two users who may do everything, by RBAC. A policy tells them apart by their names.
const (
	anybody = "somebody"
	product = "system:serviceaccount:pod-identity:pod-identity-webhook"
)

// What refusals say.
const (
	allowed = ""
	// refused is for what two policies refuse: either answers.
	refused      = "ValidatingAdmissionPolicy"
	reserved     = "only Pod Identity changes podidentity.dev/identity"
	sidecarImage = "the image of container pod-identity cannot be changed"
	tokenVolume  = "an ephemeral container must not mount volume pod-identity nor target container pod-identity"
	nothingElse  = "Pod Identity changes nothing in a pod but podidentity.dev/identity"
)

// attempt is a request to change the pod app, or for an association. None takes effect.
type attempt struct {
	user    string
	request request
	refused string
}

func TestOnARealCluster(t *testing.T) {
	f := newFixture(t, platform.EnvForTest(t, "policies"))
	for name, attempts := range map[string]map[string]attempt{
		"the annotations and the label are the product's":     metadata(),
		"a subresource of a pod is no way round":              subresources(),
		"the sidecar is nobody's to replace":                  sidecar(),
		"the product changes nothing else":                    everythingElse(),
		"whoever creates, replaces or deletes pods still can": lifecycle(),
	} {
		t.Run(name, func(t *testing.T) {
			for name, attempt := range attempts {
				t.Run(name, func(t *testing.T) { f.try(t, attempt) })
			}
		})
	}
	t.Run("associations keep to the policies that are bound", f.associations)
}

func metadata() map[string]attempt {
	return map[string]attempt{
		"nobody else forges an identity":       {anybody, annotate("podidentity.dev/identity", `"{}"`), reserved},
		"nobody else forges a status":          {anybody, annotate("podidentity.dev/status", `"injected: forged"`), reserved},
		"nobody else removes a status":         {anybody, annotate("podidentity.dev/status", `null`), reserved},
		"nobody else forges a CA":              {anybody, annotate("podidentity.dev/auth-ca", `"forged"`), reserved},
		"nobody else changes the label":        {anybody, label("podidentity.dev/injected", `"false"`), reserved},
		"nobody else removes the label":        {anybody, label("podidentity.dev/injected", `null`), reserved},
		"the product writes an identity":       {product, annotate("podidentity.dev/identity", `"{}"`), allowed},
		"the product removes an identity":      {product, annotate("podidentity.dev/identity", `null`), allowed},
		"the product writes a status":          {product, annotate("podidentity.dev/status", `"injected: forged"`), allowed},
		"the product writes a CA":              {product, annotate("podidentity.dev/auth-ca", `"ours"`), allowed},
		"the product writes the label":         {product, label("podidentity.dev/injected", `"false"`), allowed},
		"anybody changes other annotations":    {anybody, annotate("podidentity.dev/wait", `"1s"`), allowed},
		"anybody changes other labels":         {anybody, label("team", `"green"`), allowed},
		"anybody writes the same values again": {anybody, label("podidentity.dev/injected", `"true"`), allowed},
	}
}

func subresources() map[string]attempt {
	const forged = `{"metadata": {"annotations": {"podidentity.dev/identity": "{}"}}}`
	return map[string]attempt{
		"not the status":                       {anybody, patch(forged, "--subresource=status"), reserved},
		"the status itself can be written":     {anybody, patch(`{"status": {"message": "hello"}}`, "--subresource=status"), allowed},
		"not a binding with an annotation":     {anybody, bind("pods/app/binding", `"annotations": {"podidentity.dev/identity": "{}"}`), reserved},
		"not a binding with the label":         {anybody, bind("bindings", `"labels": {"podidentity.dev/injected": "false"}`), reserved},
		"a binding with others binds the pod":  {anybody, bind("pods/app/binding", `"annotations": {"team": "green"}`), allowed},
		"nor is a binding without any refused": {anybody, bind("bindings", `"labels": {}`), allowed},
	}
}

func sidecar() map[string]attempt {
	return map[string]attempt{
		"not by who may patch pods":                       {anybody, replaceImage("pod-identity"), sidecarImage},
		"not by the product":                              {product, replaceImage("pod-identity"), refused},
		"the image of an application can be changed":      {anybody, replaceImage("app"), allowed},
		"a debugger has no way to the token":              {anybody, debug("pod-identity", "app"), tokenVolume},
		"nor by the processes of the sidecar":             {anybody, debug("scratch", "pod-identity"), tokenVolume},
		"a debugger that mounts something else is let in": {anybody, debug("scratch", "app"), allowed},
	}
}

func everythingElse() map[string]attempt {
	const owner = `{"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "kube-root-ca.crt", "uid": "1"}]}}`
	return map[string]attempt{
		"no image":        {product, replaceImage("app"), nothingElse},
		"no deadline":     {product, patch(`{"spec": {"activeDeadlineSeconds": 60}}`), nothingElse},
		"no owner":        {product, patch(owner), nothingElse},
		"no finalizer":    {product, patch(`{"metadata": {"finalizers": ["example.com/f"]}}`), nothingElse},
		"no new label":    {product, label("team", `"green"`), nothingElse},
		"no given label":  {product, label("app", `null`), nothingElse},
		"no annotation":   {product, annotate("podidentity.dev/wait", `"1s"`), nothingElse},
		"nor beside ours": {product, patch(`{"metadata": {"annotations": {"podidentity.dev/identity": "{}", "team": "green"}}}`), nothingElse},
		"its own, all at once": {product, patch(`{"metadata": {"labels": {"podidentity.dev/injected": "false"}, "annotations": {` +
			`"podidentity.dev/identity": "{}", "podidentity.dev/status": "injected", "podidentity.dev/auth-ca": "ours"}}}`), allowed},
	}
}

func lifecycle() map[string]attempt {
	return map[string]attempt{
		"a replacement without our annotations is refused": {anybody, replace(false), reserved},
		"a replacement with them is taken":                 {anybody, replace(true), allowed},
		"a copy, annotations and all, is created":          {anybody, copied(), allowed},
		"a pod is deleted":                                 {anybody, remove(), allowed},
	}
}
