// Package eksauth is the source of credentials that asks a service which speaks the EKS Auth API: it is given the pod's own
// service account token, and decides by itself which role the pod has.
package eksauth

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/exchange"
)

// maxToken keeps a request below the 32 KB that the auth service reads; a token has about 1.5 KB.
const maxToken = 20_000

// Source exchanges the token in a file for credentials of the role that the service gives to the pod.
type Source struct {
	// TokenFile is read anew for every fetch, because the kubelet renews it.
	TokenFile string
	// Endpoint is the URL of the service, always https.
	Endpoint string
	// CAFile is a PEM file of the CAs to trust. It is read for each fetch, and may be missing and appear later. If it is empty,
	// the public CAs are trusted.
	CAFile string
	// ClusterName is the cluster that the service is asked about.
	ClusterName string
	// Region, where set, is the one of Amazon's own service, and that requests are signed for, with the role of the node.
	Region string
}

var _ credentials.Source = Source{}

// Fetch implements credentials.Source. The identity says which role to expect, and does not choose it. As for the other
// source, everything it needs is made anew and dropped again.
func (s Source) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	token, err := s.service().Token(s.TokenFile, maxToken)
	if err != nil {
		return credentials.Credentials{}, err
	}
	roots, err := s.roots()
	if err != nil {
		return credentials.Credentials{}, err
	}
	client := exchange.NewClient(roots)
	defer client.CloseIdleConnections()
	request, secrets, err := s.request(ctx, token)
	if err != nil {
		return credentials.Credentials{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return credentials.Credentials{}, s.unheard(err, 0, secrets)
	}
	defer func() { _ = response.Body.Close() }() // it has been read, or is given up
	if response.StatusCode != http.StatusOK {
		return credentials.Credentials{}, s.refusal(response, secrets)
	}
	return s.session(response, id, secrets)
}

// request is AssumeRoleForPodIdentity (eks-auth 2023-11-26), signed where Amazon is asked, and what of it must not be repeated:
// where a signature is wrong, AWS answers with the whole request.
func (s Source) request(ctx context.Context, token string) (request *http.Request, secrets []string, err error) {
	body, err := json.Marshal(map[string]string{"token": token})
	if err != nil {
		return nil, nil, fmt.Errorf("encode the request to the auth service: %w", err)
	}
	address := strings.TrimSuffix(s.Endpoint, "/") + "/clusters/" + url.PathEscape(s.ClusterName) + "/assume-role-for-pod-identity"
	request, err = http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("address the auth service: %w: correct %s", err, contract.EnvEKSAuthEndpoint)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", contract.ContainerName)
	secrets = []string{token}
	if s.Region != "" {
		secret, err := s.sign(ctx, request, body)
		if err != nil {
			return nil, nil, err
		}
		secrets = append(secrets, secret)
	}
	return request, secrets, nil
}

// roots are read anew for every fetch, since the webhook renews the file in running pods; nil are the system's.
func (s Source) roots() (*x509.CertPool, error) {
	file := s.CAFile
	if file == "" {
		return nil, nil
	}
	const remedy = "the webhook copies it from ConfigMap " + contract.AuthCAConfigMap + ", so check that this exists and that the webhook runs"
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil, fmt.Errorf("the authority of the auth service is not in %s yet: %s", file, remedy)
	}
	return exchange.Roots(file, "the authority of the auth service", remedy)
}
