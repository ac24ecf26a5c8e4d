package association_test

import (
	"fmt"
	"testing"

	"github.com/podidentity/podidentity/association"
)

// BenchmarkIdentity is one lookup among many associations: without wildcards, and at its slowest with them, since each has to be
// compared before it is known that none matches.
func BenchmarkIdentity(b *testing.B) {
	const associations = 10_000
	for name, pattern := range map[string]string{"exact": "", "patterns": "-*"} {
		b.Run(name, func(b *testing.B) {
			index := association.NewIndex()
			for i := range associations {
				a := associate(fmt.Sprintf("association-%05d", i), "role", i)
				a.Spec.Namespace = fmt.Sprintf("team-%05d%s", i, pattern)
				if err := index.Set(a); err != nil {
					b.Fatal(err)
				}
			}
			owner := association.ServiceAccount{Namespace: "team-05000", Name: account.Name}
			for b.Loop() {
				index.Identity(owner)
			}
		})
	}
}
