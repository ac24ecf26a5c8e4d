package credentials_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func decode(body []byte) map[string]string {
	var fields map[string]string
	if err := json.Unmarshal(body, &fields); err != nil {
		panic(err)
	}
	return fields
}

func TestRule18AnOutageOfSTSFor45MinutesCostsNoResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			if down.Load() {
				return credentials.Credentials{}, errDown()
			}
			return good(n, time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		synctest.Wait()
		for time.Until(k.Current().Expiration()) > 45*time.Minute+20*time.Second {
			after(time.Second)
		}
		down.Store(true)
		for range 45 * 60 {
			after(time.Second)
			if key(k) == "" {
				t.Fatalf("no credentials with %s left", time.Until(k.Current().Expiration()))
			}
		}
		down.Store(false)
		after(2 * time.Minute)
		if left := time.Until(k.Current().Expiration()); left < 57*time.Minute {
			t.Errorf("two minutes after the outage the credentials have %s left", left)
		}
	})
}

func TestRule25ExpiredCredentialsAreNeverServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			if n > 1 {
				return credentials.Credentials{}, errDown()
			}
			return good(n, time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		after(time.Hour - 16*time.Second)
		if key(k) == "" {
			t.Error("credentials with 16 seconds left are not served")
		}
		after(2 * time.Second)
		if key(k) != "" {
			t.Error("credentials with 14 seconds left are served")
		}
		if reason := k.Current().Reason(); reason != errDown().Error() {
			t.Errorf("the reason is %q", reason)
		}
	})
}

func TestRule26EveryResponseHas20MinutesLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		synctest.Wait()
		for range 24 * 60 {
			if left := time.Until(k.Current().Expiration()); left < 25*time.Minute {
				t.Fatalf("a response has %s left", left)
			}
			after(time.Minute)
		}
		if n := len(source.made()); n < 48 || n > 62 {
			t.Errorf("%d calls of STS in a day, want two to two and a half an hour", n)
		}
	})
}

func TestCredentialsAreRefreshedAfterASuspension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &wallClock{}
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			c := good(n, time.Hour)
			c.Expiration = clock.now().Add(time.Hour)
			return c, nil
		}}
		k := start(t, source, clock.now)
		k.SetIdentity(reader("r"))
		after(time.Second)

		clock.set(3 * time.Hour)
		after(time.Minute)
		if _, ok := k.Current().Body(clock.now()); !ok || len(source.made()) != 2 {
			t.Errorf("a minute after three hours of suspension: %d calls, credentials %v", len(source.made()), ok)
		}
		clock.set(6 * time.Hour)
		k.Wake()
		synctest.Wait()
		if len(source.made()) != 3 {
			t.Errorf("a request after three more caused no fetch: %d calls", len(source.made()))
		}
		clock.set(0)
		after(time.Minute)
		if len(source.made()) != 4 {
			t.Errorf("a clock set back was not noticed: %d calls", len(source.made()))
		}
	})
}

func TestAClockBehindDoesNotDelayTheRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// On a node whose clock is two hours behind, credentials of one hour seem to live three.
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			return good(n, 3*time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		after(31 * time.Minute)
		if n := len(source.made()); n < 2 {
			t.Errorf("%d calls after half an hour", n)
		}
	})
}

func TestAThousandRequestsCauseOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			time.Sleep(300 * time.Millisecond)
			return good(n, time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		for range 1000 {
			go k.Wake()
		}
		after(time.Second)
		if n := len(source.made()); n != 1 || key(k) == "" {
			t.Errorf("%d calls, key %q", n, key(k))
		}
	})
}
