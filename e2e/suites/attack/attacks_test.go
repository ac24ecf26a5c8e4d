package attack_test

// attack is what somebody does to a server.
type attack struct {
	server, name string
	steps        []step
	// beyond is what the documentation says is beyond the bounds, or "". Then reads may fail, and all else holds.
	beyond string
}

// step is one run of the attacker's program. All of an attack run at once.
type step struct {
	by, what string
	// at is the port, of all pods of the server.
	at string
}

// nothing comes first at each server, for what there is to compare with.
const nothing = "nothing"

func webhookAttacks() []attack {
	return append([]attack{{server: webhook, name: nothing}}, withAll(
		attack{server: webhook, name: "40 unfinished bodies of 7.3 MB", steps: []step{{peer, "bodies", "9443"}}},
		attack{server: webhook, name: "reviews with 1.5 million containers, 40 at once", steps: []step{{peer, "containers", "9443"}}},
		attack{server: webhook, name: "quantities of 3 MB of digits, 40 at once", steps: []step{{peer, "quantity", "9443"}}},
		attack{server: webhook, name: "60,000 container statuses and 1,990 containers, which is within the bounds, 40 at once", steps: []step{{peer, "statuses", "9443"}}},
		attack{server: webhook, name: "30,000 skipped names for 1,990 containers, which is within the bounds, 40 at once", steps: []step{{peer, "skip", "9443"}}},
		attack{server: webhook, name: "handshakes", steps: []step{{peer, "handshakes", "9443"}}},
		attack{server: webhook, name: "1,000 idle connections", steps: []step{{peer, "idle", "9443"}}},
		attack{server: webhook, name: "300 headers of 1 MB to the health port, and as many to the metrics port", steps: []step{{peer, "headers", "8081"}, {peer, "headers", "8080"}}},
	)...)
}

// userAttacks are those of somebody who may create pods in a namespace. They come last, since the API server goes on with the largest.
func userAttacks() []attack {
	return []attack{
		{server: webhook, name: "by the API server: pods with a name of 2.9 MB, 4 at once", steps: []step{{by: peer, what: "name"}}},
		{server: webhook, name: "by the API server: pods with 250,000 skipped names and 1,500 containers, 4 at once", steps: []step{{by: peer, what: "skipping"}}},
		{server: webhook, name: "by the API server: pods with 990,000 empty tolerations, 4 at once", steps: []step{{by: peer, what: "tolerations"}}},
	}
}

func sidecarAttacks() []attack {
	all := withAll(
		attack{server: sidecar, name: "700 silent connections", steps: []step{{neighbour, "silent", "2711"}}},
		attack{server: sidecar, name: "8 KB of an unfinished header, on 700 connections", steps: []step{{neighbour, "half-8k", "2711"}}},
		attack{server: sidecar, name: "15 KB of an unfinished header, on 700 connections", steps: []step{{neighbour, "half-15k", "2711"}}},
		attack{server: sidecar, name: "8 KB of an unfinished header in short lines, on 700 connections", steps: []step{{neighbour, "lines-8k", "2711"}}},
		attack{server: sidecar, name: "headers of 300 KB, on 700 connections", steps: []step{{neighbour, "whole-300k", "2711"}}},
		attack{server: sidecar, name: "headers of 1 MB to the metrics port, on 60 connections", steps: []step{{peer, "metrics", "9464"}}},
		attack{server: sidecar, name: "unfinished requests to the port of the probes, on 500 connections of another pod", steps: []step{{peer, "probes", "2713"}}},
		attack{server: sidecar, name: "the same, of 100 addresses", steps: []step{{fleet, "many-probes", "2713"}}},
	)
	all[len(all)-1].name += ", on 3,500 connections of the neighbour and hundreds of others"
	all[len(all)-1].beyond = "with thousands of connections, SDKs that give up after a second fail"
	return append([]attack{{server: sidecar, name: nothing}}, all...)
}

func authAttacks() []attack {
	return append([]attack{{server: auth, name: nothing}}, withAll(
		attack{server: auth, name: "7,500 idle connections of one address", steps: []step{{peer, "many-idle", "9443"}}},
		attack{server: auth, name: "300 headers of 1 MB to the health port, and as many to the metrics port", steps: []step{{peer, "headers", "8081"}, {peer, "headers", "8080"}}},
		attack{server: auth, name: "1,400 unfinished bodies of 31 KB with headers of 14 KB, of 20 addresses", steps: []step{{fleet, "many-bodies", "9443"}}},
		attack{server: auth, name: "1,000 bodies of one byte a second, of 5 addresses", steps: []step{{fleet, "slow-bodies", "9443"}}},
		attack{server: auth, name: "handshakes", steps: []step{{peer, "handshakes", "9443"}}},
	)...)
}

// withAll adds an attack that is all others at once.
func withAll(attacks ...attack) []attack {
	all := attack{server: attacks[0].server, name: "all of these at once"}
	for _, a := range attacks {
		all.steps = append(all.steps, a.steps...)
	}
	return append(attacks, all)
}
