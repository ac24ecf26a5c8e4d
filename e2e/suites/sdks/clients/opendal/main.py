"""Lists a bucket with the Rust crate opendal and its chain, which is that of reqsign."""

import os
from importlib.metadata import version

import opendal

import lines

store = None


def list_keys():
    global store
    if store is None:
        store = opendal.Operator("s3", bucket=os.environ["BUCKET"], endpoint=os.environ["AWS_ENDPOINT_URL_S3"], region=os.environ["AWS_REGION"])
    return [entry.path for entry in store.list("") if not entry.path.endswith("/")]


lines.serve(version("opendal"), list_keys)
