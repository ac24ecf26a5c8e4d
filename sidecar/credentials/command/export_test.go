package command

import "github.com/podidentity/podidentity/sidecar/credentials"

// Parse and ParseFailure are what Fetch does with what is printed.
func Parse(printed []byte) (credentials.Credentials, error) { return parse(printed) }

func ParseFailure(printed []byte) error { return parseFailure(printed) }
