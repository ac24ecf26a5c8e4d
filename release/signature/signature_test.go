package signature_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/release/signature"
)

func encode(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func generate(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// As cosign verify-blob --key --bundle does.
func TestASignatureIsVerifiedByThePublicKey(t *testing.T) {
	key := generate(t, elliptic.P256())
	content := []byte("what is released")
	bundle, err := signature.Sign(encode(t, key), content)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		MediaType        string
		MessageSignature struct {
			MessageDigest struct {
				Algorithm string
				Digest    []byte
			}
			Signature []byte
		}
	}
	if err := json.Unmarshal(bundle, &read); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(content)
	message := read.MessageSignature
	if read.MediaType != "application/vnd.dev.sigstore.bundle.v0.3+json" || message.MessageDigest.Algorithm != "SHA2_256" || !bytes.Equal(message.MessageDigest.Digest, digest[:]) {
		t.Errorf("the bundle is %s", bundle)
	}
	if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], message.Signature) {
		t.Error("the public key does not verify it")
	}
	if again, err := signature.Sign(encode(t, key), content); err != nil || !bytes.Equal(again, bundle) {
		t.Errorf("a second signature is another: %v", err)
	}
}

func TestAKeyThatCannotSignIsRefused(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, key := range map[string][]byte{
		"no PEM":        []byte("key"),
		"another curve": encode(t, generate(t, elliptic.P384())),
		"RSA":           encode(t, other),
		"no PKCS #8":    pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte("x")}),
	} {
		t.Run(sentence, func(t *testing.T) {
			if _, err := signature.Sign(key, nil); err == nil || !strings.Contains(err.Error(), "the key is no ECDSA private key on P-256 in PEM: make one with openssl") {
				t.Errorf("got %v", err)
			}
		})
	}
}
