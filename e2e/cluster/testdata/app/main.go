// Command app is what the pods of the cluster's test run, under each of its arguments one of the things that pods of the
// product do.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(what string) error {
	switch what {
	case "serve": // the native sidecar: ready to serve only once its file is there
		if err := os.WriteFile("/memory/started", nil, 0o600); err != nil {
			return err
		}
		return http.ListenAndServe(":2711", http.NotFoundHandler())
	case "wait": // its postStart hook and its readiness probe
		_, err := os.Stat("/memory/started")
		for try := 0; err != nil && try < 100; try++ {
			time.Sleep(20 * time.Millisecond)
			_, err = os.Stat("/memory/started")
		}
		return err
	case "check": // the application
		return errors.Join(get("http://127.0.0.1:2711"), get("http://10.96.10.10"), checkReadOnly(), checkAPIServer())
	}
	return fmt.Errorf("unknown argument %q", what)
}

// get asks until there is an answer: the Service has an endpoint only once its pod is ready.
func get(url string) error {
	var last error
	for range 100 {
		response, err := http.Get(url)
		if err == nil {
			return response.Body.Close()
		}
		last = err
		time.Sleep(100 * time.Millisecond)
	}
	return last
}

func checkReadOnly() error {
	if os.WriteFile("/file", nil, 0o600) == nil {
		return errors.New("the root file system can be written")
	}
	return nil
}

// checkAPIServer asks at the address of the Service with the pod's token: 200 proves the route, the certificate and RBAC.
func checkAPIServer() error {
	const dir = "/var/run/secrets/kubernetes.io/serviceaccount/"
	ca, err := os.ReadFile(dir + "ca.crt")
	if err != nil {
		return err
	}
	token, err := os.ReadFile(dir + "token")
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	url := "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")) + "/apis"
	request, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	fmt.Println(url, response.Status)
	return response.Body.Close()
}
