package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func written(t *testing.T) []*x509.Certificate {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca-certificates.crt")
	if err := run([]string{path}); err != nil {
		t.Fatal(err)
	}
	rest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, certificate)
	}
	if len(rest) > 0 {
		t.Errorf("%d bytes are no certificate", len(rest))
	}
	return all
}

// The names are those of https://www.amazontrust.com/repository/.
func TestTheCAsOfAmazonAreThere(t *testing.T) {
	all := written(t)
	for _, name := range []string{
		"Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4", "Starfield Services Root Certificate Authority - G2",
	} {
		if !slices.ContainsFunc(all, func(c *x509.Certificate) bool { return c.Subject.CommonName == name }) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestACAWithARestrictionThatPEMCannotSayIsLeftOut(t *testing.T) {
	all := written(t)
	restricted := 0
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			continue
		}
		restricted++
		if slices.ContainsFunc(all, func(c *x509.Certificate) bool { return string(c.Raw) == string(root.Certificate) }) {
			t.Error("a restricted CA is among the certificates")
		}
	}
	if restricted == 0 {
		t.Error("no CA of the bundle is restricted: the rule can go")
	}
	t.Logf("%d certificates, %d left out", len(all), restricted)
}

func TestAMissingFileNameIsNamed(t *testing.T) {
	if err := run(nil); err == nil || !strings.Contains(err.Error(), "name the file") {
		t.Errorf("got %v", err)
	}
}
