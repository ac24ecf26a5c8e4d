package injection_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// summary is what of a description tells the state of a pod: the status, that of the containers, the conditions and the warnings; without
// times, which differ; without the container of an event, which kubectl 1.34 and older do not show; and without the condition
// PodReadyToStartContainers, which the kubelet of 1.30 writes only after a postStart hook. On a busy machine a kubelet may at first fail to
// mount a ConfigMap, which it has not read yet or which is not there yet: no matter of ours.
func summary(description string) string {
	var kept, warnings []string
	section, container := "", ""
	for line := range strings.Lines(description) {
		line = strings.TrimRight(line, " \n")
		name, _, _ := strings.Cut(line, ":")
		if !strings.HasPrefix(line, " ") {
			section = name
		}
		switch {
		case strings.Contains(line, "PodReadyToStartContainers"):
		case strings.Contains(line, "podidentity.dev/status: "):
			kept = append(kept, line[strings.Index(line, "podidentity.dev/status"):])
		case section == "Status" || section == "Conditions":
			kept = append(kept, line)
		case strings.HasSuffix(section, "ontainers") && regexp.MustCompile(`^  \S+:$`).MatchString(line):
			container = strings.TrimSpace(line)
		case strings.HasSuffix(section, "ontainers") && regexp.MustCompile(`^ +(State|Ready|Reason):`).MatchString(line):
			kept = append(kept, container+" "+strings.Join(strings.Fields(line), " "))
		case section == "Events":
			// Type, reason, age, source, container and message.
			if event := regexp.MustCompile(`^ +Warning +(\S+) {2,}\S.*? {2,}(\S+) +(?:spec\.\w+\{\S+\}: )?(.*)$`).FindStringSubmatch(line); event != nil && event[1] != "FailedMount" {
				warnings = append(warnings, "Warning "+strings.Join(event[1:], " "))
			}
		}
	}
	slices.Sort(warnings)
	text := strings.Join(append(kept, slices.Compact(warnings)...), "\n") + "\n"
	return regexp.MustCompile(`10\.244\.\d+\.\d+|\[fd00:10:244:[0-9a-f:]+\]`).ReplaceAllString(text, "POD")
}

func TestASummaryHasNoTimes(t *testing.T) {
	const description = `Name:             app
Annotations:      podidentity.dev/identity: {}
                  podidentity.dev/status: injected
Status:           Running
IP:               10.244.0.7
Init Containers:
  pod-identity:
    Image:          sidecar
    State:          Running
      Started:      Sat, 28 Nov 2026 11:00:00 +0000
    Ready:          False
Conditions:
  Type              Status
  Ready             False
Volumes:
  pod-identity:
    Type:           Projected
Events:
  Type     Reason        Age                From               Message
  ----     ------        ----               ----               -------
  Normal   Scheduled     40s                default-scheduler  Successfully assigned x/app to node
  Warning  Unhealthy     2s (x3 over 31s)   kubelet            Readiness probe failed: Get "http://10.244.0.7:2713/readyz"
  Warning  Unhealthy     1s (x3 over 31s)   kubelet            Liveness probe failed: Get "http://[fd00:10:244::1f]:2713/livez"
  Warning  FailedMount   39s                kubelet            MountVolume.SetUp failed for volume "a" : failed to sync configmap cache: timed out waiting for the condition
  Warning  ProbeWarning  2s                 kubelet            spec.initContainers{pod-identity}: Liveness probe warning: because  of that
`
	const want = `podidentity.dev/status: injected
Status:           Running
pod-identity: State: Running
pod-identity: Ready: False
Conditions:
  Type              Status
  Ready             False
Warning ProbeWarning kubelet Liveness probe warning: because  of that
Warning Unhealthy kubelet Liveness probe failed: Get "http://POD:2713/livez"
Warning Unhealthy kubelet Readiness probe failed: Get "http://POD:2713/readyz"
`
	if got := summary(description); got != want {
		t.Errorf("got\n%s", got)
	}
}
