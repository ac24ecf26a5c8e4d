"""Lists a bucket with the AWS CRT and its default chain. The CRT signs and sends; this reads the keys."""

import os
import re
from importlib.metadata import version
from urllib.parse import urlsplit

from awscrt import auth, http, io

import lines

s3 = urlsplit(os.environ.get("AWS_ENDPOINT_URL_S3", "http://127.0.0.1"))
threads = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(threads, io.DefaultHostResolver(threads))
credentials = auth.AwsCredentialsProvider.new_default_chain(bootstrap)


def list_keys():
    request = http.HttpRequest("GET", "/%s?list-type=2" % os.environ["BUCKET"], http.HttpHeaders([("host", s3.netloc)]))
    signing = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4, signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS, credentials_provider=credentials,
        region=os.environ["AWS_REGION"], service="s3", use_double_uri_encode=False, should_normalize_uri_path=False,
        signed_body_value=auth.AwsSignedBodyValue.EMPTY_SHA256, signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
    )
    auth.aws_sign_request(request, signing).result()
    connection = http.HttpClientConnection.new(s3.hostname, s3.port, bootstrap).result()
    status, body = [], bytearray()
    stream = connection.request(
        request, lambda http_stream, status_code, **rest: status.append(status_code), lambda http_stream, chunk, **rest: body.extend(chunk)
    )
    stream.activate()
    stream.completion_future.result()
    if status != [200]:
        raise RuntimeError(body.decode())
    return re.findall("<Key>(.*?)</Key>", body.decode())


lines.serve(version("awscrt"), list_keys)
