"""Lists a bucket with boto3 and its default chain."""

import os

import boto3

import lines

client = None


def list_keys():
    global client
    if client is None:
        # Before 1.28 it does not read AWS_ENDPOINT_URL_S3. It looks for credentials here, and so may fail here.
        client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
    found = client.list_objects_v2(Bucket=os.environ["BUCKET"])
    return [item["Key"] for item in found.get("Contents", [])]


lines.serve(boto3.__version__, list_keys)
