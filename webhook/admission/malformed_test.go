package admission_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// endlessBody is a body without an end.
type endlessBody struct{}

func (endlessBody) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// nested is a JSON value of objects nested to this depth.
func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
}

// refusalCase is a body that must be refused with this code.
type refusalCase struct {
	contentType string
	body        func() io.Reader
	code        int32
}

func malformed() map[string]refusalCase {
	json := func(text string) refusalCase {
		return refusalCase{"application/json", func() io.Reader { return strings.NewReader(text) }, http.StatusBadRequest}
	}
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}`
	return map[string]refusalCase{
		"an object of another kind":               json(reviewOf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"p"}}`)),
		"a workload in place of its pod":          json(reviewOf(`{"apiVersion":"apps/v1","kind":"Deployment","spec":{}}`)),
		"an unknown kind":                         json(reviewOf(`{"apiVersion":"novel/v7","kind":"Hologram"}`)),
		"a pod of the wrong shape":                json(reviewOf(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":7}}`)),
		"an object that is null":                  json(reviewOf(`null`)),
		"an object that is a list":                json(reviewOf(`[]`)),
		"an object nested too deep":               json(reviewOf(nested(20000))),
		"a debug review without the old pod":      json(reviewWith(`"subResource":"ephemeralcontainers","object":` + pod)),
		"a debug review of an old pod of null":    json(reviewWith(`"subResource":"ephemeralcontainers","object":` + pod + `,"oldObject":null`)),
		"a review without request":                json(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`),
		"a review whose request is null":          json(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`),
		"a review whose request is a number":      json(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":7}`),
		"a review nested too deep":                json(nested(100_000)),
		"a pod in place of a review":              json(pod),
		"an empty object":                         json(`{}`),
		"null":                                    json(`null`),
		"a body that is not JSON":                 json(`pod`),
		"a body that is cut off":                  json(reviewOf(pod)[:100]),
		"bytes that are not text":                 json("\x00\xff\xfe\x80"),
		"a body that cannot be read":              {"application/json", func() io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) }, http.StatusBadRequest},
		"an empty body":                           json(``),
		"YAML":                                    {"application/yaml", func() io.Reader { return strings.NewReader("kind: AdmissionReview") }, http.StatusBadRequest},
		"protobuf":                                {"application/vnd.kubernetes.protobuf", func() io.Reader { return strings.NewReader("k8s\x00") }, http.StatusBadRequest},
		"a review without a content type":         {"", func() io.Reader { return strings.NewReader(reviewOf(pod)) }, http.StatusBadRequest},
		"a body of a byte more than the limit":    {"application/json", func() io.Reader { return io.LimitReader(endlessBody{}, 7<<20+1) }, http.StatusRequestEntityTooLarge},
		"a body without an end":                   {"application/json", func() io.Reader { return endlessBody{} }, http.StatusRequestEntityTooLarge},
		"a body without an end of a foreign type": {"text/plain", func() io.Reader { return endlessBody{} }, http.StatusRequestEntityTooLarge},
	}
}

func TestMalformedReviewsAreRefusedWithAMessage(t *testing.T) {
	log, entries := logrustest.NewNullLogger()
	to := handler(t, log)
	for name, test := range malformed() {
		t.Run(name, func(t *testing.T) {
			response := post(t, to, test.contentType, test.body()).Response
			if response.Allowed || response.Patch != nil || response.Result.Message == "" || response.Result.Code != test.code {
				t.Errorf("got %+v with %+v", response, response.Result)
			}
		})
	}
	for _, entry := range entries.AllEntries() {
		if entry.Message != "refused a review" || entry.Data[logrus.ErrorKey] == nil {
			t.Errorf("a line says %q of an error %v", entry.Message, entry.Data[logrus.ErrorKey])
		}
	}
	if len(entries.AllEntries()) != len(malformed()) {
		t.Errorf("%d lines for %d refusals", len(entries.AllEntries()), len(malformed()))
	}
}

func TestUnusualReviewsOfPodsAreAnswered(t *testing.T) {
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"app"%s}]}}`
	usual := reviewOf(strings.Replace(pod, "%s", "", 1))
	for name, body := range map[string]string{
		"a review of v1beta1":           strings.Replace(usual, "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1),
		"text that is invalid UTF-8":    reviewOf(strings.Replace(pod, "%s", `,"image":"`+"\xff\xc3\x28"+`"`, 1)),
		"half of a surrogate":           reviewOf(strings.Replace(pod, "%s", `,"image":"\ud800"`, 1)),
		"an unknown field, nested deep": reviewOf(strings.Replace(pod, "%s", `,"future":`+nested(5000), 1)),
		"duplicate field names":         reviewOf(strings.Replace(pod, "%s", `,"name":"app","image":"a","image":"b"`, 1)),
		"a null beside the container":   reviewOf(strings.Replace(pod, `"%s}`, `"},null`, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			log, _ := logrustest.NewNullLogger()
			answer := post(t, handler(t, log), "application/json", strings.NewReader(body))
			if !answer.Response.Allowed || len(answer.Response.Patch) == 0 || string(answer.Response.UID) != "u1" {
				t.Errorf("got %+v with %+v", answer.Response, answer.Response.Result)
			}
			if beta := strings.Contains(body, "v1beta1"); strings.HasSuffix(answer.APIVersion, "v1beta1") != beta {
				t.Errorf("answered in %s", answer.APIVersion)
			}
		})
	}
}

// panickingIdentities stands for a bug.
type panickingIdentities struct{}

func (panickingIdentities) Identities(association.ServiceAccount, []string) contract.Identities {
	panic("a bug")
}

func (panickingIdentities) Refusal(association.ServiceAccount) string { return "" }

func TestAPanicIsAnsweredWithAnError(t *testing.T) {
	log, _ := logrustest.NewNullLogger()
	h := handler(t, log)
	h.Identities = panickingIdentities{}
	response := post(t, h, "application/json", strings.NewReader(reviewOf(`{"apiVersion":"v1","kind":"Pod"}`))).Response
	if response.Allowed || response.Result.Code != http.StatusInternalServerError {
		t.Errorf("got %+v with %+v", response, response.Result)
	}
}

func TestMalformedReviewsLeakNoMemory(t *testing.T) {
	log := logrus.New()
	log.SetOutput(io.Discard)
	to := handler(t, log)
	round := func() uint64 {
		for _, test := range malformed() {
			post(t, to, test.contentType, test.body())
		}
		// Twice, since a pool of buffers outlives one collection.
		runtime.GC()
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	round() // The first fills what is kept for good, such as caches of types.
	before := round()
	for range 5 {
		round()
	}
	if after := round(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}
