#!/usr/bin/env bash
# openapi-python-client 0.29.1: a response of text/csv with format binary, which is how OpenAPI 3.0 describes a file, becomes
# a client that puts the decoded text where bytes belong. Reading the file raises TypeError. As application/octet-stream the
# same description works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openapi-python-client==0.29.1
cat > "$folder/see.py" <<'PY'
import json
import subprocess
import sys
from pathlib import Path

import httpx


def read(content_type):
    folder = Path(sys.argv[1], content_type.replace("/", "_"))
    folder.mkdir()
    schema = {"type": "string", "format": "binary"}
    answer = {"200": {"description": "A file.", "content": {content_type: {"schema": schema}}}}
    described = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/file": {"get": {"operationId": "file", "tags": ["t"], "responses": answer}}},
    }
    (folder / "openapi.json").write_text(json.dumps(described))
    (folder / "config.yml").write_text("post_hooks: []\n")
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", "openapi.json"]
    options = ["--config", "config.yml", "--meta", "none", "--output-path", "made"]
    subprocess.run([*command, *options], cwd=folder, check=True, capture_output=True)
    program = (
        "import httpx\n"
        "from made import Client\n"
        "from made.api.t import file\n"
        "answer = lambda request: httpx.Response(200, content=b'a;b', headers={'content-type': 'text/csv'})\n"
        "client = Client(base_url='http://t', httpx_args={'transport': httpx.MockTransport(answer)})\n"
        "print(file.sync(client=client).payload.read())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


seen = {content_type: read(content_type) for content_type in ("text/csv", "application/octet-stream")}
print(f"openapi-python-client 0.29.1: {seen}")
right = seen["application/octet-stream"] == "b'a;b'" and seen["text/csv"].startswith("TypeError")
sys.exit(0 if right else 1)
PY
"$folder/venv/bin/python" "$folder/see.py" "$folder"
