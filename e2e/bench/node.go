package bench

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

// tick is what the times in /proc/PID/stat are counted in (USER_HZ, proc(5)).
const tick = 10 * time.Millisecond

// bill is the CPU time of a node's processes since their start.
type bill struct {
	kubelet, containerd, shims time.Duration
	// execs are the processes that shims have waited for: runc, and what it ran.
	execs time.Duration
	// sidecars include their exchanges.
	sidecars time.Duration
}

func (b bill) total() time.Duration { return b.kubelet + b.containerd + b.shims + b.execs + b.sidecars }

func (b bill) since(earlier bill) bill {
	return bill{
		b.kubelet - earlier.kubelet, b.containerd - earlier.containerd, b.shims - earlier.shims, b.execs - earlier.execs, b.sidecars - earlier.sidecars,
	}
}

// String has the shares of a pod and minute.
func (b bill) String() string {
	return fmt.Sprintf("kubelet %.1f, containerd %.1f, shims %.1f, runc and what it ran %.1f, sidecar %.1f ms",
		perPodMinute(b.kubelet), perPodMinute(b.containerd), perPodMinute(b.shims), perPodMinute(b.execs), perPodMinute(b.sidecars))
}

// readBill adds up the processes of a node: its kubelet and its containerd, the shims of that, and the sidecars of these.
func readBill(p *platform.Platform) (b bill, err error) {
	pids, err := p.Cluster.Processes()
	if err != nil {
		return bill{}, err
	}
	for _, pid := range pids {
		text, err := os.ReadFile(process(pid).path("stat"))
		if err != nil {
			continue // it has ended while we looked
		}
		s, err := parseStat(string(text))
		if err != nil {
			return bill{}, err
		}
		switch {
		case s.name == "kubelet":
			b.kubelet += s.own
		case s.name == "containerd":
			b.containerd += s.own
		case strings.HasPrefix(s.name, "containerd-shim"):
			b.shims += s.own
			b.execs += s.children
		// A probe has the name of the sidecar too; it is unlikely to run at this moment, and counts for little.
		case s.name == "sidecar":
			b.sidecars += s.own + s.children
		}
	}
	if b.kubelet == 0 || b.containerd == 0 || b.shims == 0 {
		return bill{}, errors.New("the node's kubelet, containerd or shims are not among its processes")
	}
	return b, nil
}

// status is what /proc/PID/stat says of a process. Children are those that it has waited for.
type status struct {
	name          string
	own, children time.Duration
}

// parseStat reads /proc/PID/stat (proc(5)). The name, in parentheses, may have any characters.
func parseStat(text string) (s status, err error) {
	opening, closing := strings.Index(text, "("), strings.LastIndex(text, ")")
	if opening < 0 || closing < opening {
		return status{}, fmt.Errorf("the status of a process has no name: %q", text)
	}
	s.name = text[opening+1 : closing]
	rest := strings.Fields(text[closing+1:])
	if len(rest) < 15 {
		return status{}, fmt.Errorf("the status of a process is too short: %q", text)
	}
	var ticks [4]int
	for i, at := range []int{11, 12, 13, 14} {
		if ticks[i], err = strconv.Atoi(rest[at]); err != nil {
			return status{}, fmt.Errorf("read the status of a process: %w", err)
		}
	}
	s.own, s.children = time.Duration(ticks[0]+ticks[1])*tick, time.Duration(ticks[2]+ticks[3])*tick
	return s, nil
}
