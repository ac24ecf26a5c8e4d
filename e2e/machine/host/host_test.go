package host

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestWhoIsNotRootIsToldWhatToDo(t *testing.T) {
	if err := checkRoot(1000); err == nil || !strings.Contains(err.Error(), "run this as root") {
		t.Errorf("checkRoot(1000) = %v", err)
	}
	if err := checkRoot(0); err != nil {
		t.Errorf("checkRoot(0) = %v", err)
	}
}

func TestAPackageIsMissingWhenAnyOfItsFilesIs(t *testing.T) {
	all := func(string) bool { return true }
	if got := missingOf(debianPackages(), all); len(got) != 0 {
		t.Errorf("missing on a machine that has everything: %v", got)
	}
	if got := missingOf(debianPackages(), func(path string) bool { return path != "/usr/lib/cni/ptp" }); !slices.Equal(got, []string{"containernetworking-plugins"}) {
		t.Errorf("missing without ptp: %v", got)
	}
	// Docker's package brings containerd to another directory than Debian's.
	elsewhere := func(path string) bool { return !strings.HasPrefix(path, "/usr/bin/c") }
	if got := missingOf(debianPackages(), elsewhere); len(got) != 0 {
		t.Errorf("missing with containerd in another directory: %v", got)
	}
}

func TestWithoutAptOnlyMissingPackagesAreAComplaint(t *testing.T) {
	nothing := func(string) bool { return false }
	if err := checkPackages(nil, nothing); err != nil {
		t.Errorf("nothing is missing: %v", err)
	}
	err := checkPackages([]string{"runc", "buildah"}, nothing)
	if err == nil || err.Error() != "there is no apt-get to install runc, buildah: run this on Debian or Ubuntu" {
		t.Errorf("checkPackages = %v", err)
	}
}

func TestSpaceIsAddedUpForEachFileSystem(t *testing.T) {
	needs := []need{{"/state", 2 * gigabyte, "free some"}, {"/cache", 3 * gigabyte, "set XDG_CACHE_HOME"}, {"/other", gigabyte, "free some"}}
	free := func(dir string) (uint64, uint64, error) {
		if dir == "/other" {
			return 2, gigabyte, nil
		}
		return 1, 4 * gigabyte, nil
	}
	err := complain(needs, free)
	if err == nil || err.Error() != "/state with /cache needs 5.00 GB of free space and has 4.00: set XDG_CACHE_HOME" {
		t.Errorf("complain = %v", err)
	}
	if err := complain(needs[1:], free); err != nil {
		t.Errorf("complain where it fits = %v", err)
	}
}

func TestADirectoryThatCannotBeMeasuredIsAComplaint(t *testing.T) {
	broken := errors.New("input/output error")
	err := complain([]need{{dir: "/state"}}, func(string) (uint64, uint64, error) { return 0, 0, broken })
	if !errors.Is(err, broken) {
		t.Errorf("complain = %v", err)
	}
}

func TestTheSpaceForADirectoryThatIsNotThereYetIsThatOfItsParent(t *testing.T) {
	dir := t.TempDir()
	device, _, err := free(dir)
	if err != nil {
		t.Fatal(err)
	}
	if later, _, err := free(dir + "/not/yet"); err != nil || later != device {
		t.Errorf("free = %d, %v, want device %d", later, err, device)
	}
}
