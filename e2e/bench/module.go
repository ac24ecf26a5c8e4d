package bench

import "context"

// reviews runs the benchmarks of the webhook's code.
func (r *Run) reviews(ctx context.Context) error {
	r.Log("the webhook: reviews")
	found, err := goBenchmarks(ctx, r.Root, r.Raw, "-bench=^BenchmarkReview", "-benchtime=10000x", "./webhook/admission")
	if err != nil {
		return err
	}
	return r.report(found,
		metric{"Review", "cpu-ns/op", 1e3, Row{What: "webhook: CPU a review of a 5 KB pod", Unit: "µs", Budget: 120, Note: "BenchmarkReview: user and system time, garbage collection included, without TLS"}},
		metric{"Review", "B/op", kilobyte, Row{What: "webhook: memory allocated a review", Unit: "KB", Budget: 40, Note: "BenchmarkReview"}},
		metric{"ReviewsOverTLS", "reviews/s", 1, Row{What: "webhook over TLS, 8 clients: reviews", Unit: "/s", Budget: 4000, AtLeast: true, Note: "BenchmarkReviewsOverTLS: the clients share the cores"}},
		metric{"ReviewsOverTLS", "p99-ms", 1, Row{What: "webhook over TLS, 8 clients: 99th percentile", Unit: "ms", Budget: 5, Note: "BenchmarkReviewsOverTLS: the clients share the cores, and never pause"}},
		metric{"ReviewsOffered", "p99-ms", 1, Row{What: "webhook over TLS, 200 reviews/s offered: 99th percentile", Unit: "ms", Budget: 5, Note: "BenchmarkReviewsOffered"}},
	)
}

// lookups runs the benchmarks of the precedence of associations.
func (r *Run) lookups(ctx context.Context) error {
	r.Log("the webhook: lookups of associations")
	found, err := goBenchmarks(ctx, r.Root, r.Raw, "-bench=^BenchmarkIdentity", "-benchtime=1000x", "./association")
	if err != nil {
		return err
	}
	return r.report(found,
		metric{"Identity/exact", "ns/op", 1e3, Row{What: "webhook: lookup among 10,000 exact associations", Unit: "µs", Budget: None(), Note: "BenchmarkIdentity"}},
		metric{"Identity/patterns", "ns/op", 1e3, Row{What: "webhook: lookup among 10,000 associations with wildcards, none of which matches", Unit: "µs", Budget: None(), Note: "BenchmarkIdentity"}},
	)
}

// fleet runs the simulation of a fleet of sidecars.
func (r *Run) fleet(ctx context.Context) error {
	r.Log("the sidecar: a fleet of 5,000 on a simulated clock")
	text, err := goTest(ctx, r.Root, "-v", "-run=^TestAFleet", "./sidecar/credentials", "-fleet=5000")
	if err != nil {
		return err
	}
	found, err := parseAttributes(text)
	if err != nil {
		return err
	}
	all := results{"fleet": found}
	note := "TestAFleet: STS takes 100 calls a second and throttles the rest"
	const outage = "TestAFleet: none is unready meanwhile, none serves expired credentials"
	return r.report(all,
		metric{"fleet", "expired", 1, Row{What: "5,000 sidecars started together: whose credentials ever expired", Budget: 0, Note: note}},
		metric{"fleet", "peak-to-mean", 1, Row{What: "5,000 sidecars started together: peak after the first hour, in means", Budget: 2, Note: note + "; calls in a minute"}},
		metric{"fleet", "last-start-seconds", 1, Row{What: "5,000 sidecars started together: the last one has credentials after", Unit: "s", Budget: None(), Note: note}},
		metric{"fleet", "healed-seconds", 1, Row{What: "5,000 sidecars after 15 hours without STS: all have credentials again after", Unit: "s", Budget: 300, Note: outage}},
		metric{"fleet", "calls-a-second", 1, Row{What: "the same: calls of STS in a second at most", Budget: 100, Note: outage}},
	)
}

// metric is one of a benchmark's, and the row that it becomes when divided by scale.
type metric struct {
	benchmark, unit string
	scale           float64
	row             Row
}

func (r *Run) report(found results, metrics ...metric) error {
	for _, m := range metrics {
		value, err := found.value(m.benchmark, m.unit)
		if err != nil {
			return err
		}
		m.row.Measured = value / m.scale
		r.add(m.row)
	}
	return nil
}
