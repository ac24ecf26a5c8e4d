package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

func TestContainersOfAPodHaveRolesOfTheirOwn(t *testing.T) {
	p := startIn(t, documentOf("agent=agent", "broken=refused"), of(fakeRoles(t), "agent,app,broken", ""))
	defer func() { _ = p.end() }()
	if says := p.awaitStart(t); !strings.HasPrefix(says, "container broken: ") || !strings.Contains(says, "said the fake") {
		t.Errorf("wait prints %q", says)
	}
	p.expectRoles(t, map[string]string{"agent": "agent", "app": "pod", "broken": "403", "": "pod"})
	var out bytes.Buffer
	err := probe(t.Context(), []string{"--listen=" + p.address, "--timeout=1m"}, &out)
	if err == nil || !strings.HasPrefix(err.Error(), "container broken: ") {
		t.Errorf("the probe says %v", err)
	}
}

func TestAPodOfAnOlderWebhookGrantsNothingToADocumentWithContainers(t *testing.T) {
	p := startWith(t, documentOf("agent=agent"), fakeRoles(t))
	defer func() { _ = p.end() }()
	if says := p.awaitStart(t); !strings.Contains(says, "create the pod again") {
		t.Errorf("wait prints %q", says)
	}
	p.expectRoles(t, map[string]string{"": "403"})
}

// TestATokenThatIsSentToAnotherContainerWhileTheSidecarIsAwayIsWorthNothingAfterThat is the attack of a container that listens in place of the
// sidecar.
func TestATokenThatIsSentToAnotherContainerWhileTheSidecarIsAwayIsWorthNothingAfterThat(t *testing.T) {
	for name, test := range map[string]struct {
		document, later string
		skipped         string
		replaced        bool
	}{
		"a container has a role for itself":           {document: documentOf("agent=agent"), replaced: true},
		"a container comes to have a role for itself": {document: documentOf(), later: documentOf("agent=agent"), replaced: true},
		"a container is skipped":                      {document: documentOf(), skipped: "other", replaced: true},
		"all containers have the same":                {document: documentOf()},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := fakeRoles(t)
			environment := of(endpoint, "agent,app", test.skipped)
			p := startIn(t, test.document, environment)
			p.awaitStart(t)
			stolen := map[string]string{}
			for _, container := range []string{"", "agent", "app"} {
				stolen[container] = p.token(t, container)
			}
			if err := p.end(); err != nil {
				t.Fatal(err)
			}
			p.run(t, environment)
			defer func() { _ = p.end() }()
			p.awaitStart(t)
			if test.later != "" {
				p.change(t, test.later)
				p.until(t, func() bool { return p.role(t, p.token(t, "agent")) == "agent" })
			}
			for container, token := range stolen {
				if got := p.role(t, token); (got == "401") != test.replaced {
					t.Errorf("with the token that %q sent, another container gets %s", container, got)
				}
				if got := p.role(t, p.token(t, container)); got == "401" {
					t.Errorf("container %q is refused by its own token", container)
				}
			}
		})
	}
}

func TestTokensAreNotReplacedWhileAnotherContainerHasThePort(t *testing.T) {
	p := startIn(t, documentOf("agent=agent"), of(fakeRoles(t), "agent", ""))
	p.awaitStart(t)
	before := p.token(t, "agent")
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	thief, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = thief.Close() }()
	err = serve(t.Context(), []string{
		"--identity=" + p.file("identity"), "--authorization=" + p.file("auth/token"), "--listen=" + thief.Addr().String(),
	}, func(name string) string { return of("", "agent", "")[name] }, new(bytes.Buffer))
	if err == nil || p.token(t, "agent") != before {
		t.Errorf("the sidecar ended with %v, and the token is the same: %v", err, p.token(t, "agent") == before)
	}
}
