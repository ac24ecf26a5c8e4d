package minio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	client "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"
)

type statement struct {
	Effect   string
	Action   []string
	Resource []string
}

// readOnly is the policy of the role.
func readOnly(bucket string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"Version": "2012-10-17",
		"Statement": []statement{
			{Effect: "Allow", Action: []string{"s3:ListBucket", "s3:GetBucketLocation"}, Resource: []string{"arn:aws:s3:::" + bucket}},
			{Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::" + bucket + "/*"}},
		},
	})
}

// createPolicy calls the administrator's API by hand: MinIO's client for it is under the AGPL.
func (s *Server) createPolicy(bucket string) func(context.Context) error {
	return func(ctx context.Context) error {
		body, err := readOnly(bucket)
		if err != nil {
			return fmt.Errorf("encode policy: %w", err)
		}
		return s.poll(ctx, func() error { return s.put(ctx, "/minio/admin/v3/add-canned-policy?name="+policy, body) })
	}
}

func (s *Server) put(ctx context.Context, path string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, s.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	digest := sha256.Sum256(body)
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
	request = signer.SignV4(*request, s.user, s.password, "", Region)
	transport := s.transport()
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // only read from
	if response.StatusCode != http.StatusOK {
		answer, err := io.ReadAll(response.Body)
		return fmt.Errorf("PUT %s: %s: %s (%w)", path, response.Status, answer, err)
	}
	return nil
}

func (s *Server) fill(ctx context.Context, bucket Bucket) error {
	transport := s.transport()
	defer transport.CloseIdleConnections()
	s3, err := client.New(strings.TrimPrefix(s.Endpoint, "http://"), &client.Options{
		Creds:     credentials.NewStaticV4(s.user, s.password, ""),
		Region:    Region,
		Transport: transport,
	})
	if err != nil {
		return fmt.Errorf("make an S3 client: %w", err)
	}
	if err := s3.MakeBucket(ctx, bucket.Name, client.MakeBucketOptions{}); err != nil {
		return fmt.Errorf("create bucket %s: %w", bucket.Name, err)
	}
	for key, content := range bucket.Objects {
		_, err := s3.PutObject(ctx, bucket.Name, key, bytes.NewReader(content), int64(len(content)), client.PutObjectOptions{})
		if err != nil {
			return fmt.Errorf("put object %s: %w", key, err)
		}
	}
	return nil
}
