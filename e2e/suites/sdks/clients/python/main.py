"""Lists a bucket with boto3 and its default chain: for each line that it reads it writes one."""

import os
import sys

import boto3

client = None


def list_bucket():
    global client
    if client is None:
        # Before 1.28 it does not read AWS_ENDPOINT_URL_S3. It looks for credentials here, and so may fail here.
        client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
    found = client.list_objects_v2(Bucket=os.environ["BUCKET"])
    return " ".join(item["Key"] for item in found.get("Contents", []))


for line in sys.stdin:
    try:
        answer = "ok " + (boto3.__version__ if line.strip() == "version" else list_bucket())
    except Exception as e:
        answer = "error " + " ".join(str(e).split())
    print(answer, flush=True)
