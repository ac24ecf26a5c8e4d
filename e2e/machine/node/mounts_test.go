package node

import (
	"slices"
	"testing"
)

const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 22 0:27 / /sys/fs/cgroup/unified rw shared:4 master:2 - cgroup2 cgroup2 rw
40 22 254:0 /a /var/lib/podidentity-e2e/demo rw - ext4 /dev/vda rw
41 40 0:40 / /var/lib/podidentity-e2e/demo/with\040space rw - tmpfs tmpfs rw
42 22 0:41 / /var/lib/podidentity-e2e/demonstration rw - tmpfs tmpfs rw
43 41 0:42 / /var/lib/podidentity-e2e/demo/with\040space/deeper rw - overlay overlay rw
`

func TestMountsBelowADirectoryAreRemovedLastOneFirst(t *testing.T) {
	mounts, err := parseMountinfo(mountinfo)
	if err != nil {
		t.Fatal(err)
	}
	got := removalOrder(mounts, "/var/lib/podidentity-e2e/demo")
	want := []string{
		"/var/lib/podidentity-e2e/demo/with space/deeper",
		"/var/lib/podidentity-e2e/demo/with space",
		"/var/lib/podidentity-e2e/demo",
	}
	if !slices.Equal(got, want) {
		t.Errorf("removalOrder = %q, want %q", got, want)
	}
}

func TestTheTypeOfAMountIsFoundBehindAnyNumberOfFields(t *testing.T) {
	mounts, err := parseMountinfo(mountinfo)
	if err != nil {
		t.Fatal(err)
	}
	if mounts[1] != (mount{"/sys/fs/cgroup/memory", "cgroup"}) || mounts[2] != (mount{"/sys/fs/cgroup/unified", "cgroup2"}) {
		t.Errorf("cgroups are %v", mounts[1:3])
	}
}

func TestAnUnexpectedMountinfoIsAnError(t *testing.T) {
	for _, text := range []string{"\n", "1 2 3\n", "22 1 254:0 / /a\\9 rw - ext4 x rw\n", "22 1 254:0 / /a\\04 rw - ext4 x rw\n", "22 1 254:0 / / rw -\n"} {
		if got, err := parseMountinfo(text); err == nil {
			t.Errorf("from %q came %v", text, got)
		}
	}
}
