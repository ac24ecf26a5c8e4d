// Package eksauth is the source of credentials that sends the pod's own service account token to a service with the EKS Auth API.
// That service decides which role the pod has.
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

// maxToken keeps a request below the 32 KB that the auth service reads. A token has about 1.5 KB.
const maxToken = 20_000

// oneRole is the reason why Amazon's own service is not asked for an identity of a container: its API has no field for one.
const oneRole = "EKS Auth gives one role to all containers of a pod: remove spec.container from the PodIdentityAssociation, or use another source"

// Source exchanges the token in a file for credentials of the role that the service gives to the pod.
type Source struct {
	// TokenFile is read for each fetch, because the kubelet renews it.
	TokenFile string
	// Endpoint is the URL of the service, always https.
	Endpoint string
	// CAFile is a PEM file of the CAs to trust. It is read for each fetch, and may be missing and appear later. If it is empty,
	// the public CAs are trusted.
	CAFile string
	// ClusterName is the name by which the service knows the cluster.
	ClusterName string
	// Region is set if the service is Amazon's own. Requests are then signed for it, with the role of the node.
	Region string
}

var _ credentials.Source = Source{}

// Fetch implements credentials.Source. The identity does not choose the role, but says which one to expect. Fetch keeps nothing for
// the next one, to save memory.
func (s Source) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	if s.Region != "" && id.Container != "" {
		return credentials.Credentials{}, failure(credentials.Refused, oneRole)
	}
	token, err := s.service().ReadToken(s.TokenFile, maxToken)
	if err != nil {
		return credentials.Credentials{}, err
	}
	roots, err := s.roots()
	if err != nil {
		return credentials.Credentials{}, err
	}
	client := exchange.NewClient(roots)
	defer client.CloseIdleConnections()
	request, secrets, err := s.request(ctx, token, id.Container)
	if err != nil {
		return credentials.Credentials{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return credentials.Credentials{}, s.errorFailure(err, 0, secrets)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return credentials.Credentials{}, s.exceptionFailure(response, secrets)
	}
	return s.session(response, id, secrets)
}

// request makes an AssumeRoleForPodIdentity request (eks-auth 2023-11-26), signed if the service is Amazon's. It also returns the
// secrets in it, which no message may repeat: AWS answers a wrong signature with the whole request.
func (s Source) request(ctx context.Context, token, container string) (request *http.Request, secrets []string, err error) {
	body, err := json.Marshal(map[string]string{"token": token})
	if err != nil {
		return nil, nil, fmt.Errorf("encode the request to the auth service: %w", err)
	}
	address := strings.TrimSuffix(s.Endpoint, "/") + "/clusters/" + url.PathEscape(s.ClusterName) + "/assume-role-for-pod-identity"
	request, err = http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("make a request to the auth service: %w: correct %s", err, contract.EnvEKSAuthEndpoint)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", contract.ContainerName)
	if container != "" {
		request.Header.Set(contract.HeaderContainer, container)
	}
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

// roots are loaded for each fetch, since the webhook renews the file in running pods.
func (s Source) roots() (*x509.CertPool, error) {
	const remedy = "check that the webhook runs and that ConfigMap " + contract.AuthCAConfigMap + " exists, from which it copies the CA"
	info, err := os.Stat(s.CAFile)
	if s.CAFile != "" && errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil, fmt.Errorf("the CA of the auth service is not in %s yet: %s", s.CAFile, remedy)
	}
	return exchange.LoadRoots(s.CAFile, "the CA of the auth service", remedy)
}
