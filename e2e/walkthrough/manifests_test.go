package walkthrough

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestThePodOfTwoContainersIsYAMLWhereS3HasAnAddressOfIPv6(t *testing.T) {
	endpoint := corev1.EnvVar{Name: "AWS_ENDPOINT_URL_S3", Value: "http://[fd00::1]:9000"}
	text, err := render("containers.yaml", map[string]any{"Containers": []string{lister}, "S3Endpoint": endpoint.Value})
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := yaml.Unmarshal([]byte(text), &pod); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if !slices.Contains(pod.Spec.Containers[0].Env, endpoint) {
		t.Errorf("the environment is %v", pod.Spec.Containers[0].Env)
	}
}
