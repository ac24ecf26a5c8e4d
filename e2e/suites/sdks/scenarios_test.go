package sdks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// scenario is a column of the table.
type scenario struct {
	title string
	// suits is whether a client can be tried.
	suits func(c client) bool
	// run returns what the cell says, beside that it holds.
	run func(ctx context.Context, b *fixture, c client) (remark string, err error)
}

func scenarios() []scenario {
	sidecar := func(c client) bool { return !c.tokenAlone }
	return []scenario{
		{"signs a real call", sidecar, withSidecar(0, answering, lists)},
		{"is refused for good", sidecar, withSidecar(0, refusing, meetsRefusal)},
		{"starts without STS", sidecar, withSidecar(0, unreachable, recovers)},
		{"lives through a refresh", sidecar, func(ctx context.Context, b *fixture, c client) (string, error) {
			return withSidecar(c.lifetime, answering, refreshes)(ctx, b, c)
		}},
		{"by a token of its own", func(c client) bool { return c.asksSTS }, listsByToken},
	}
}

// scenarioTimeout bounds a scenario: many times what it takes.
const scenarioTimeout = 4 * time.Minute

// withSidecar runs a scenario with a sidecar and a client of its own. The client's environment has nothing but what is injected, and
// where S3 is.
func withSidecar(lifetime time.Duration, m stsMode, run func(ctx context.Context, b *fixture, p *pod) (string, error)) func(context.Context, *fixture, client) (string, error) {
	return func(ctx context.Context, b *fixture, c client) (remark string, err error) {
		ctx, cancel := context.WithTimeoutCause(ctx, scenarioTimeout, fmt.Errorf("not done within %s", scenarioTimeout))
		defer cancel()
		p, err := b.newPod(ctx, c, lifetime, m)
		if err != nil {
			return "", err
		}
		defer func() {
			if log := p.end(); err != nil {
				err = fmt.Errorf("%w; the sidecar's log:\n%s", err, log)
			}
		}()
		return run(ctx, b, p)
	}
}

// lists has the client read credentials and list the bucket.
func lists(ctx context.Context, b *fixture, p *pod) (string, error) {
	if err := p.awaitCredentials(ctx, b); err != nil {
		return "", err
	}
	d, err := p.talk(ctx)
	if err != nil {
		return "", err
	}
	defer d.end()
	return "", listBy(d, p.stsProxy)
}

// listBy has the client list the bucket by the sessions that STS gave, and no others.
func listBy(d *dialogue, p *stsProxy) error {
	if err := d.list(); err != nil {
		return err
	}
	if issued, signed := p.sessions(); !slices.Equal(issued, signed) {
		return fmt.Errorf("STS gave the sessions %v, and S3 saw %v", issued, signed)
	}
	return nil
}

// tooOld gives an SDK that does not read the token file no token in its environment: it must be told.
func tooOld(ctx context.Context, b *fixture, p *pod) (string, error) {
	if err := p.awaitCredentials(ctx, b); err != nil {
		return "", err
	}
	d, err := p.talk(ctx)
	if err != nil {
		return "", err
	}
	defer d.end()
	const why = "use an AWS SDK that reads AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	remark, err := remarkOn(d.list(), why)
	if err == nil && remark != showsWhy {
		err = fmt.Errorf("the client %s and not %q", remark, why)
	}
	return "", err
}

// list asks for a list of the bucket.
func (d *dialogue) list() error {
	keys, err := d.ask("list")
	if err == nil && keys != object {
		err = fmt.Errorf("the client finds %q in the bucket", keys)
	}
	return err
}

// meetsRefusal has STS refuse the role for good: the client must say so soon, and it is told why.
func meetsRefusal(ctx context.Context, b *fixture, p *pod) (string, error) {
	if err := p.awaitCredentials(ctx, b); err != nil {
		return "", err
	}
	d, err := p.talk(ctx)
	if err != nil {
		return "", err
	}
	defer d.end()
	return remarkOn(d.list(), words)
}

const showsWhy = "shows why"

// remarkOn reports whether the client passes on why it fails, which not every SDK can.
func remarkOn(err error, why string) (string, error) {
	says, ok := errors.AsType[failed](err)
	switch {
	case !ok:
		return "", fmt.Errorf("the client should fail with words of its own: %w", cmpError(err))
	case strings.Contains(string(says), why):
		return showsWhy, nil
	default:
		return "says only “" + beginning(string(says)) + "”", nil
	}
}

// beginning is the first sentence of a text, or some words of it.
func beginning(text string) string {
	const limit = 80
	text, _, _ = strings.Cut(text, ". ")
	if len(text) > limit {
		text = text[:strings.LastIndex(text[:limit], " ")] + " …"
	}
	return text
}

func cmpError(err error) error {
	if err == nil {
		return errors.New("it succeeds")
	}
	return err
}

// recovers starts sidecar and client without an STS, which comes back once the client has failed.
func recovers(ctx context.Context, _ *fixture, p *pod) (string, error) {
	d, err := p.talk(ctx)
	if err != nil {
		return "", err
	}
	defer d.end()
	if _, err := remarkOn(d.list(), "cannot be reached"); err != nil {
		return "", err
	}
	p.setMode(answering)
	return "", d.untilListed(ctx)
}

// untilListed asks until the list is there.
func (d *dialogue) untilListed(ctx context.Context) error {
	for tick := time.NewTicker(time.Second); ; {
		err := d.list()
		if _, ok := errors.AsType[failed](err); !ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// refreshes gives sessions of less than a minute or two, and has one process of the client call until it signs with a second one.
// No call may fail on the way.
func refreshes(ctx context.Context, b *fixture, p *pod) (string, error) {
	if err := p.awaitCredentials(ctx, b); err != nil {
		return "", err
	}
	d, err := p.talk(ctx)
	if err != nil {
		return "", err
	}
	defer d.end()
	for tick := time.NewTicker(time.Second); ; {
		if _, err := d.ask(p.client.question); err != nil {
			issued, signed := p.sessions()
			return "", fmt.Errorf("of %d sessions %d were used: %w", len(issued), len(signed), err)
		}
		if _, signed := p.sessions(); len(signed) > 1 {
			return "", nil
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-tick.C:
		}
	}
}
