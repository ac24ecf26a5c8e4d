// Cacerts writes the certificates of the public CAs for the images: those of the Go project's module, which go.sum pins, so that
// they are the same whoever builds.
package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cacerts:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("name the file to write, and nothing else")
	}
	text, err := certificates()
	if err != nil {
		return err
	}
	if err := os.WriteFile(arguments[0], text, 0o644); err != nil { //nolint:gosec // certificates are public, and the user of the images is another
		return fmt.Errorf("write the certificates: %w", err)
	}
	return nil
}

// certificates are in PEM. A CA that Mozilla trusts with a restriction is left out: PEM cannot say it.
func certificates() ([]byte, error) {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, fmt.Errorf("encode a certificate: %w", err)
		}
	}
	return text.Bytes(), nil
}
