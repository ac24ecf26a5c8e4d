package exchange_test

import (
	"testing"

	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

func TestAccount(t *testing.T) {
	for name, test := range map[string]struct{ arn, want string }{
		"an ARN has an account":        {"arn:aws:iam::111122223333:role/a:b", "111122223333"},
		"MinIO's has none":             {"arn:minio:iam:::role/r", ""},
		"a word is no account":         {"arn:aws:iam::aws:policy/p", ""},
		"what is no ARN has none":      {"reader", ""},
		"eleven digits are no account": {"arn:aws:iam::11112222333:role/r", ""},
		"other digits are no account ": {"arn:aws:iam::١١١١٢٢:role/r", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := exchange.Account(test.arn); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
