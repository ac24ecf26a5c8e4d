"""What the clients in Python have in common: for each line that they read they write one."""

import sys


def serve(version, list_keys):
    """Answers "version" with a version and any other line with the keys that list_keys finds, or with what went wrong."""
    for line in sys.stdin:
        try:
            answer = "ok " + (version if line.strip() == "version" else " ".join(list_keys()))
        # A library of Rust panics by a BaseException.
        except BaseException as e:
            answer = "error " + " ".join((str(e) or type(e).__name__).split())
        print(answer, flush=True)
