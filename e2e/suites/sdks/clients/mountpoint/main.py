"""Lists a bucket with the client of Mountpoint for S3 and its default chain, which is that of the AWS CRT."""

import os
from importlib.metadata import version

from s3torchconnectorclient._mountpoint_s3_client import MountpointS3Client

import lines

client = None


def list_keys():
    global client
    if client is None:
        client = MountpointS3Client(
            region=os.environ["AWS_REGION"], user_agent_prefix="sdks", endpoint=os.environ["AWS_ENDPOINT_URL_S3"], force_path_style=True
        )
    return [item.key for page in client.list_objects(os.environ["BUCKET"]) for item in page.object_info]


lines.serve(version("s3torchconnectorclient"), list_keys)
