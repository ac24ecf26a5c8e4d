package bench

import "testing"

func TestThePeakIsReadWhereTheKernelCounts(t *testing.T) {
	for name, test := range map[string]struct{ cgroups, want string }{
		"cgroup v1, beside v2": {"5:cpu:/a/b\n4:memory:/a/b\n0::/a/b\n", "/sys/fs/cgroup/memory/a/b/memory.max_usage_in_bytes"},
		"cgroup v2":            {"0::/a/b\n", "/sys/fs/cgroup/a/b/memory.peak"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := peakFile(test.cgroups); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
