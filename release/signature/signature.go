// Package signature signs a file in the form that cosign verifies.
package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
)

// bundle is Sigstore's, as far as a key of one's own needs it
// (https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto). Bytes are in base64.
type bundle struct {
	MediaType            string        `json:"mediaType"`
	VerificationMaterial material      `json:"verificationMaterial"`
	MessageSignature     messageSigned `json:"messageSignature"`
}

type material struct {
	PublicKey struct {
		Hint []byte `json:"hint"`
	} `json:"publicKey"`
}

type messageSigned struct {
	MessageDigest struct {
		Algorithm string `json:"algorithm"`
		Digest    []byte `json:"digest"`
	} `json:"messageDigest"`
	Signature []byte `json:"signature"`
}

// Sign signs content with an ECDSA key on P-256 in PEM, as PKCS #8. The same content and key have the same signature (RFC 6979).
func Sign(key, content []byte) ([]byte, error) {
	private, err := parse(key)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("encode the public key: %w", err)
	}
	hint, digest := sha256.Sum256(public), sha256.Sum256(content)
	made := bundle{MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json"}
	made.VerificationMaterial.PublicKey.Hint = hint[:]
	made.MessageSignature.MessageDigest.Algorithm, made.MessageSignature.MessageDigest.Digest = "SHA2_256", digest[:]
	if made.MessageSignature.Signature, err = private.Sign(nil, digest[:], crypto.SHA256); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return json.Marshal(made)
}

func parse(key []byte) (*ecdsa.PrivateKey, error) {
	unusable := errors.New("the key is no ECDSA private key on P-256 in PEM: make one with openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, unusable
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, unusable
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, unusable
	}
	return private, nil
}
