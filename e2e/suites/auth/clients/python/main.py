"""Asks for a session with boto3's client of EKS Auth: CLUSTER TOKEN."""

import json
import socket
import sys

import boto3

# The cluster has no DNS: every name is that of the test, which passes the connection on.
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **named: resolve("127.0.0.1", *rest, **named)

try:
    response = boto3.client("eks-auth").assume_role_for_pod_identity(clusterName=sys.argv[1], token=sys.argv[2])
    del response["ResponseMetadata"]
    response["credentials"]["expiration"] = response["credentials"]["expiration"].timestamp()
    print(json.dumps({"version": boto3.__version__, "response": response}))
except Exception as e:
    print(json.dumps({"version": boto3.__version__, "error": f"{type(e).__name__}: {e}"}))
