// Hostile is a mutating webhook that does something to our sidecar in every pod, whenever it is asked: the path of its URL says what.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
)

const sidecar = "pod-identity"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: hostile ADDRESS CERTIFICATE KEY")
		os.Exit(1)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /remove", answer(remove))
	mux.HandleFunc("POST /move", answer(move))
	mux.HandleFunc("POST /image", answer(image))
	mux.HandleFunc("POST /environment", answer(environment))
	server := &http.Server{Addr: os.Args[1], Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(os.Stderr, server.ListenAndServeTLS(os.Args[2], os.Args[3]))
	os.Exit(1)
}

func remove(pod *corev1.PodSpec) {
	pod.InitContainers = slices.DeleteFunc(pod.InitContainers, func(c corev1.Container) bool { return c.Name == sidecar })
}

// move makes it the last one.
func move(pod *corev1.PodSpec) {
	slices.SortStableFunc(pod.InitContainers, func(a, b corev1.Container) int {
		switch sidecar {
		case a.Name:
			return 1
		case b.Name:
			return -1
		}
		return 0
	})
}

func image(pod *corev1.PodSpec) {
	for i := range pod.InitContainers {
		if pod.InitContainers[i].Name == sidecar {
			pod.InitContainers[i].Image = "another"
		}
	}
}

func environment(pod *corev1.PodSpec) {
	for i := range pod.Containers {
		pod.Containers[i].Env = nil
	}
}

func answer(change func(*corev1.PodSpec)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		var pod corev1.Pod
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := json.Unmarshal(review.Request.Object.Raw, &pod); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		change(&pod.Spec)
		patch, err := json.Marshal([]map[string]any{{"op": "replace", "path": "/spec", "value": pod.Spec}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		kind := admissionv1.PatchTypeJSONPatch
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true, PatchType: &kind, Patch: patch}
		review.Request = nil
		if err := json.NewEncoder(w).Encode(review); err != nil {
			fmt.Fprintln(os.Stderr, "answer a review:", err)
		}
	}
}
