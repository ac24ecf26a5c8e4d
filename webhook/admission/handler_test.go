package admission_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/webhook/admission"
	"github.com/podidentity/podidentity/webhook/inject"
)

func TestAPodGetsItsPatch(t *testing.T) {
	response, entries := review(t, reviewOf(`{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"job-"},"spec":{"serviceAccountName":"reader","containers":[{"name":"app","image":"app"}]}}`))
	if !response.Allowed || string(response.UID) != "u1" {
		t.Fatalf("got %+v", response)
	}
	patch := string(response.Patch)
	for _, part := range []string{`"path":"/spec/initContainers"`, `"image":"sidecar:v1"`, `role/reader`} {
		if !strings.Contains(patch, part) {
			t.Errorf("the patch lacks %s: %s", part, patch)
		}
	}
	if len(entries.Entries) != 1 {
		t.Fatalf("%d log lines for one admission", len(entries.Entries))
	}
	line := entries.LastEntry().Data
	if line["namespace"] != "eks-s3-example" || line["generateName"] != "job-" || line["reason"] != inject.Injected {
		t.Errorf("log line %v", line)
	}
}

func TestAPodThatIsNotInjectedIsAdmittedWithTheReason(t *testing.T) {
	response, entries := review(t, reviewOf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"hostNetwork":true,"containers":[{"name":"app","image":"app"}]}}`))
	if !response.Allowed || len(response.Warnings) != 1 || !strings.Contains(response.Warnings[0], "hostNetwork") {
		t.Errorf("got %+v", response)
	}
	if line := entries.LastEntry().Data; line["pod"] != "p" || line["reason"] != inject.HostNetwork || !strings.Contains(line["status"].(string), "hostNetwork") {
		t.Errorf("log line %v", line)
	}
}

func TestAPodThatOptsOutGetsAStatusAndNoWarning(t *testing.T) {
	response, _ := review(t, reviewOf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"podidentity.dev/inject":"false"}},"spec":{"containers":[{"name":"app","image":"app"}]}}`))
	want := `[{"op":"add","path":"/metadata/annotations/podidentity.dev~1status","value":"skipped: the annotation podidentity.dev/inject: \"false\" opts this pod out"}]`
	if !response.Allowed || len(response.Warnings) != 0 || string(response.Patch) != want {
		t.Errorf("got %+v with %s", response, response.Patch)
	}
}

func TestAdmissionsAreCountedByReason(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics, err := admission.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	log, _ := logrustest.NewNullLogger()
	h := handler(t, log)
	h.Metrics = metrics
	for _, spec := range []string{`{}`, `{}`, `{"hostNetwork":true}`, `{"os":{"name":"windows"}}`} {
		post(t, h, "application/json", strings.NewReader(reviewOf(`{"apiVersion":"v1","kind":"Pod","spec":`+spec+`}`)))
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "podidentity_admissions_total" {
		t.Fatalf("%v, %v", families, err)
	}
	got := map[inject.Reason]float64{}
	for _, metric := range families[0].GetMetric() {
		got[inject.Reason(metric.GetLabel()[0].GetValue())] = metric.GetCounter().GetValue()
	}
	for _, reason := range inject.Reasons() {
		want := map[inject.Reason]float64{inject.Injected: 2, inject.HostNetwork: 1, inject.Windows: 1}[reason]
		if have, there := got[reason]; !there || have != want {
			t.Errorf("%s: %v (%v), want %v", reason, have, there, want)
		}
	}
	if len(got) != len(inject.Reasons()) {
		t.Errorf("reasons without bound: %v", got)
	}
	if _, err := admission.NewMetrics(registry); err == nil {
		t.Error("metrics were registered twice without a complaint")
	}
}
