package credentials_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestRule23ALargeResponseIsSentWithAWarning(t *testing.T) {
	for name, test := range map[string]struct {
		token int // its length
		warns bool
	}{
		"an ordinary one gives no warning":             {token: 1_000},
		"one that is nearly too large gives a warning": {token: 8_000, warns: true},
		"one that some clients refuse is sent too":     {token: 12_000, warns: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
					c := good(n, time.Hour)
					c.SessionToken = strings.Repeat("s", test.token)
					return c, nil
				}}
				var lines bytes.Buffer
				log := logrus.New()
				log.SetOutput(&lines)
				k := startLogging(t, source, time.Now, log)
				k.SetIdentity(reader("r"))
				synctest.Wait()
				if key(k) == "" {
					t.Error("no response")
				}
				if warns := strings.Contains(lines.String(), "more than 8000 bytes"); warns != test.warns || strings.Contains(lines.String(), "sss") {
					t.Errorf("log: %s", lines.String())
				}
			})
		})
	}
}

func TestRule27AResponseHasTheFieldsOfOneResponseOfSTS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			mark := fmt.Sprint(n)
			return credentials.Credentials{
				AccessKeyID: mark, SecretAccessKey: mark, SessionToken: mark, Expiration: time.Now().Add(time.Hour),
			}, nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		synctest.Wait()
		expirations := map[string]string{}
		for range 6 * 60 {
			body, _ := k.Current().Body(time.Now())
			got := decode(body.Bytes)
			mark := got["AccessKeyId"]
			if mark == "" || got["SecretAccessKey"] != mark || got["Token"] != mark {
				t.Fatalf("the response mixes two: %v", got)
			}
			if before, ok := expirations[mark]; ok && before != got["Expiration"] {
				t.Fatalf("credentials %s expire at %s and at %s", mark, before, got["Expiration"])
			}
			expirations[mark] = got["Expiration"]
			after(time.Minute)
		}
		if len(expirations) < 12 {
			t.Errorf("%d in six hours", len(expirations))
		}
	})
}
