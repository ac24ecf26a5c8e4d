"""Lists a bucket with the AWS SDK for C++ and its default chain, as PyArrow and all that is built on it do."""

import os
from urllib.parse import urlsplit

import pyarrow
from pyarrow import fs

import lines

store = None


def list_keys():
    global store
    if store is None:
        s3 = urlsplit(os.environ["AWS_ENDPOINT_URL_S3"])
        store = fs.S3FileSystem(endpoint_override=s3.netloc, scheme=s3.scheme, region=os.environ["AWS_REGION"])
    return [file.base_name for file in store.get_file_info(fs.FileSelector(os.environ["BUCKET"]))]


lines.serve(pyarrow.__version__, list_keys)
