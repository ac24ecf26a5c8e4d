"""Lists a bucket with the Rust crate object_store and its chain, as Polars, Delta Lake and Lance do."""

import os

import obstore
from obstore.store import S3Store

import lines

store = None


def list_keys():
    global store
    if store is None:
        store = S3Store(
            os.environ["BUCKET"], endpoint=os.environ["AWS_ENDPOINT_URL_S3"], region=os.environ["AWS_REGION"],
            client_options={"allow_http": True}, retry_config={"max_retries": 1},
        )
    return [item["path"] for batch in store.list() for item in batch]


lines.serve(obstore.__version__, list_keys)
