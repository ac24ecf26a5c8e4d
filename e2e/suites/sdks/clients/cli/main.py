"""Runs the AWS CLI, a process for each line that it reads, and writes one line for each."""

import os
import subprocess
import sys

import awscli

commands = {
    "list": ["s3api", "list-objects-v2", "--bucket", os.environ["BUCKET"], "--query", "Contents[].Key", "--output", "text"],
    # One process that asks every five seconds: long enough to need new credentials on the way.
    "wait": ["s3api", "wait", "object-exists", "--bucket", os.environ["BUCKET"], "--key", os.environ["OBJECT"]],
}
environment = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
start = [sys.executable, "-c", "import sys; from awscli.clidriver import main; sys.exit(main())"]

for line in sys.stdin:
    if line.strip() == "version":
        print("ok", awscli.__version__, flush=True)
        continue
    done = subprocess.run(start + commands[line.strip()], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    said = done.stdout.split() if done.returncode == 0 else (done.stdout + done.stderr).split()
    print("error" if done.returncode else "ok", *said, flush=True)
