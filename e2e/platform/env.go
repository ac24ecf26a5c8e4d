package platform

import (
	"context"
	"io"
)

// Object is the key of the object in the bucket.
const Object = "aws.png"

// Env is where scenarios run: a cluster with the product installed, and an AWS to go with it.
type Env struct {
	// Kubectl runs kubectl on the cluster and returns what it printed; the error has what it complained about.
	Kubectl func(ctx context.Context, stdin io.Reader, args ...string) (string, error)
	// RoleARN is the role that may list Bucket, RefusedRoleARN one that STS does not give.
	RoleARN, RefusedRoleARN string
	// Bucket holds Object.
	Bucket string
	// S3Endpoint is set where S3 is not Amazon's.
	S3Endpoint string
	// CLIImage has the AWS CLI and a shell's utilities.
	CLIImage string
	// AuthService is nil on a cluster of KUBECONFIG, whose pods must not ask another service meanwhile.
	AuthService *AuthService
}

// AuthService is the auth service of a cluster.
type AuthService struct {
	// Use installs it, has pods that are created from then on ask it, and returns its address.
	Use func(ctx context.Context) (address string, err error)
	// Leave has pods that are created from then on ask STS.
	Leave func(ctx context.Context) error
}
