package credentials_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestRule21TheBodyHasTheFiveFieldsAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, &fakeSource{}, time.Now)
		k.SetIdentity(reader("r"))
		synctest.Wait()
		body, _ := k.Current().Body(time.Now())
		names := slices.Sorted(maps.Keys(decode(body.Bytes)))
		if want := []string{"AccessKeyId", "AccountId", "Expiration", "SecretAccessKey", "Token"}; !slices.Equal(names, want) {
			t.Errorf("fields %v", names)
		}
	})
}

func TestRule22ExpirationIsUTCInWholeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			c := good(n, time.Hour)
			c.Expiration = c.Expiration.Add(123456789).In(time.FixedZone("elsewhere", 7200))
			return c, nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		synctest.Wait()
		body, _ := k.Current().Body(time.Now())
		if got := decode(body.Bytes)["Expiration"]; got != "2000-01-01T00:59:00Z" {
			t.Errorf("expiration %s", got)
		}
	})
}

func TestRule28AResponseStatesItsExpirationAMinuteEarlyUnlessTimeIsShort(t *testing.T) {
	for name, test := range map[string]struct {
		wait time.Duration
		down bool
		want string
	}{
		"a minute early in the steady state":   {want: "2000-01-01T00:59:00Z"},
		"exact while STS is down":              {wait: 32 * time.Minute, down: true, want: "2000-01-01T01:00:00Z"},
		"exact in the last five minutes":       {wait: 56 * time.Minute, down: true, want: "2000-01-01T01:00:00Z"},
		"a minute early again after a refresh": {wait: 50 * time.Minute, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
					if n > 1 && test.down {
						return credentials.Credentials{}, errDown()
					}
					return good(n, time.Hour), nil
				}}
				k := start(t, source, time.Now)
				k.SetIdentity(reader("r"))
				after(test.wait)
				body, _ := k.Current().Body(time.Now())
				want := test.want
				if want == "" {
					want = k.Current().Expiration().Add(-time.Minute).UTC().Format(time.RFC3339)
				}
				if got := decode(body.Bytes)["Expiration"]; got != want {
					t.Errorf("expiration %s, want %s", got, want)
				}
			})
		})
	}
}
