package admission_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/webhook/inject"
)

// list is a JSON list of n items.
func list(item string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

// podWith is a pod with these members in its spec.
func podWith(members string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{` + members + `}}`
}

const tooLarge = "pod identity: skipped: the pod has too many containers, volumes or fields to be injected; divide it"

func TestAPodThatIsTooLargeIsAdmittedWithOneSentenceBeforeItIsDecoded(t *testing.T) {
	containers := list(`{"name":"a"}`, 1001)
	for name, body := range map[string]string{
		"a million and a half containers":                                             reviewOf(podWith(`"containers":` + list("{}", 1_500_000))),
		"a million tolerations":                                                       reviewOf(podWith(`"containers":[{"name":"app"}],"tolerations":` + list("{}", 990_000))),
		"a list of numbers":                                                           reviewOf(podWith(`"containers":[{"args":` + list("1", 70_000) + `}]`)),
		"more than 2,000 containers":                                                  reviewOf(podWith(`"containers":` + list("{}", 2001))),
		"more than 2,000 volumes":                                                     reviewOf(podWith(`"volumes":` + list("{}", 2001))),
		"more than 2,000 containers of all kinds":                                     reviewOf(podWith(`"initContainers":` + containers + `,"containers":` + containers)),
		"containers under duplicate names":                                            reviewOf(podWith(`"containers":` + containers + `,"cont\u0061iners":` + containers)),
		"ephemeral containers, old ones included":                                     reviewWith(`"subResource":"ephemeralcontainers","object":` + podWith(`"ephemeralContainers":`+containers) + `,"oldObject":` + podWith(`"ephemeralContainers":`+containers)),
		"a million entries of managed fields":                                         reviewOf(strings.Replace(podWith(`"containers":[]`), `"name":"p"`, `"name":"p","managedFields":`+list("{}", 1_000_000), 1)),
		"a quantity of a million digits":                                              reviewOf(podWith(`"overhead":{"cpu":"` + strings.Repeat("9", 1_000_000) + `"}`)),
		"a quantity of escaped digits":                                                reviewOf(podWith(`"overhead":{"cpu":"` + strings.Repeat(`\u0039`, 1_000_000) + `"}`)),
		"a quantity of a million digits after a blank":                                reviewOf(podWith(`"overhead":{"cpu":" ` + strings.Repeat("9", 1_000_000) + `"}`)),
		"a quantity of that size, of a resource that is called as managed fields are": reviewOf(podWith(`"overhead":{"fieldsV1":"` + strings.Repeat("9", 1_000_000) + `"}`)),
		"a number of a million digits":                                                reviewOf(podWith(`"overhead":{"cpu":-1.` + strings.Repeat("9", 1_000_000) + `}`)),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			response, entries := review(t, body)
			runtime.ReadMemStats(&after)
			if !response.Allowed || response.Patch != nil || string(response.UID) != "u1" || len(response.Warnings) != 1 || response.Warnings[0] != tooLarge {
				t.Errorf("got %+v", response)
			}
			if line := entries.LastEntry().Data; line["reason"] != inject.TooLarge || line["namespace"] != "eks-s3-example" {
				t.Errorf("log line %v", line)
			}
			// Twice for the growing buffer, and what the test itself needs.
			if allocated, most := after.TotalAlloc-before.TotalAlloc, uint64(5*len(body)+1<<20); allocated > most {
				t.Errorf("%d bytes were allocated for a review of %d", allocated, len(body))
			}
		})
	}
}

func TestPodsThatAnAPIServerStoresAreInjectedWhateverTheirSize(t *testing.T) {
	env := func(n int) string {
		return list(`{"name":"SETTING","value":"a,b,{c},[d],a value of a usual length"}`, n)
	}
	managed := `"managedFields":[{"manager":"kubectl","fieldsV1":{"f:spec":{` + strings.Repeat(`"f:x":{"f:y":{}},`, 100_000) + `"f:z":{}}}}]`
	pod := func(metadata, container string) string {
		return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"` + metadata + `},"spec":{"containers":[{"name":"app"` + container + `}]}}`
	}
	for name, object := range map[string]string{
		"with an annotation of 3 MB":              pod(`,"annotations":{"a":"`+strings.Repeat("{[,", 1<<20)+`"}`, ""),
		"with 20,000 variables":                   pod("", `,"env":`+env(20_000)),
		"with as many managed fields":             pod(","+managed, ""),
		"with a hundred containers, each with 80": podWith(`"containers":` + list(`{"name":"app","env":`+env(80)+`}`, 100)),
		"with a number of many digits in a text":  pod("", `,"args":["n=`+strings.Repeat("9", 1<<20)+`"]`),
		"with a text that begins with a rule":     pod("", `,"args":["`+strings.Repeat("-", 5000)+`", "`+strings.Repeat(".", 5000)+`"]`),
		"with a volume for each of 999 secrets":   podWith(`"containers":[{"name":"app"}],"volumes":` + list(`{"name":"a","secret":{"secretName":"a","items":[{"key":"a","path":"a"}]}}`, 999)),
	} {
		t.Run(name, func(t *testing.T) {
			if response, _ := review(t, reviewOf(object)); !response.Allowed || !strings.Contains(string(response.Patch), "initContainers") {
				t.Errorf("got %+v", response)
			}
		})
	}
}

func TestWhatAPodIsCalledIsCutInTheLog(t *testing.T) {
	long := strings.Repeat("é", 1_450_000)
	for name, body := range map[string]string{
		"its name":         reviewOf(podWith(`"containers":[]`)[:len(podWith(`"containers":[]`))-1] + `,"metadata":{"name":"` + long + `"}}`),
		"its generateName": reviewOf(`{"metadata":{"generateName":"` + long + `"}}`),
		"its namespace":    strings.Replace(reviewOf(`{}`), "eks-s3-example", long, 1),
		"its account":      reviewOf(podWith(`"serviceAccountName":"` + long + `"`)),
		"its kind":         reviewOf(`{"kind":"` + long + `"}`),
		"its container":    reviewOf(podWith(`"containers":[{"name":"` + long + `","env":[{"name":"AWS_PROFILE"}]},{"name":"app"}]`)),
		"its review":       strings.Replace(reviewOf(`{}`), "AdmissionReview", long, 1),
		"its type":         strings.Replace(reviewOf(podWith(`"containers":{"name":"app"}`)), "app", long, 1),
		"its many values":  strings.Replace(reviewOf(podWith(`"volumes":`+list("{}", 2001))), "eks-s3-example", long, 1),
	} {
		t.Run(name, func(t *testing.T) {
			response, entries := review(t, body)
			for _, entry := range entries.AllEntries() {
				if line, err := entry.String(); err != nil || len(line) > 3000 {
					t.Errorf("a line of %d bytes, %v", len(line), err)
				}
			}
			if text := fmt.Sprint(response.Warnings, response.Result); len(text) > 3000 {
				t.Errorf("warnings and messages of %d bytes", len(text))
			}
		})
	}
}

func TestAnAnswerDoesNotRepeatALongUID(t *testing.T) {
	log, _ := logrustest.NewNullLogger()
	body := strings.Replace(reviewOf(`{}`), `"u1"`, `"`+strings.Repeat("u", 1<<20)+`"`, 1)
	if answer := post(t, handler(t, log), "application/json", strings.NewReader(body)); len(answer.Response.UID) > 300 {
		t.Errorf("a UID of %d bytes", len(answer.Response.UID))
	}
}
