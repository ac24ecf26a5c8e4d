package inject

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// FuzzEncode compares what is written by hand with what encoding/json writes: another reader reads the same.
func FuzzEncode(f *testing.F) {
	for _, text := range []string{"", "NAME", `"quoted" \`, "<&>", "\u2028", "\x00\n", "\xff invalid \xc3"} {
		f.Add(text, "value")
		f.Add("NAME", text)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		// As any of ours, it has a value, which encoding/json would leave out.
		variable := corev1.EnvVar{Name: name, Value: value + "."}
		same(t, list(encodeEnv(nil)...), []corev1.EnvVar{})
		same(t, list(encodeEnv([]corev1.EnvVar{variable})...), []corev1.EnvVar{variable})
		same(t, list(encodeEnv([]corev1.EnvVar{variable, variable})...), []corev1.EnvVar{variable, variable})
		same(t, encodeString(value), value)
	})
}

func same(t *testing.T, got json.RawMessage, of any) {
	t.Helper()
	want, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	var have, wanted any
	if json.Unmarshal(got, &have) != nil || json.Unmarshal(want, &wanted) != nil || !reflect.DeepEqual(have, wanted) || bytes.ContainsRune(got, '\n') {
		t.Errorf("got %s, not %s", got, want)
	}
}
