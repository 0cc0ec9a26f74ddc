#!/usr/bin/env bash
# Authlib 1.9.9 with joserfc 1.8.0: the client reads a provider's description once. When the provider signs with another
# algorithm afterwards, and says so in its description, each login fails until the process is restarted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check authlib==1.9.9 joserfc==1.8.0 requests==2.32.5
cat > "$folder/see.py" <<'PY'
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import authlib
from authlib.integrations.base_client.framework_integration import FrameworkIntegration
from authlib.integrations.base_client.sync_app import OAuth2Mixin
from authlib.integrations.base_client import BaseApp
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import RSAKey

algorithm = "RS256"
keys = {name: RSAKey.generate_key(2048, {"kid": name, "alg": name}) for name in ("RS256", "PS256")}
asked = []


class Provider(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/keys":
            data = {"keys": [keys[algorithm].as_dict(private=False)]}
        else:
            data = {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/keys",
                "id_token_signing_alg_values_supported": [algorithm],
            }
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class App(BaseApp, OAuth2Mixin, OpenIDMixin):
    client_cls = OAuth2Session


server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=server.serve_forever, daemon=True).start()
issuer = f"http://127.0.0.1:{server.server_port}"
app = App(FrameworkIntegration("p"), "p", client_id="c", server_metadata_url=f"{issuer}/.well-known/openid-configuration")


def log_in():
    now = int(time.time())
    claims = {"iss": issuer, "aud": "c", "sub": "somebody", "iat": now, "exp": now + 60, "nonce": "n"}
    token = jwt.encode({"alg": algorithm, "kid": algorithm}, claims, keys[algorithm], algorithms=[algorithm])
    try:
        app.parse_id_token({"id_token": token}, nonce="n")
    except Exception as error:
        return type(error).__name__
    return "logged in"


before = log_in()
algorithm = "PS256"
after = [log_in(), log_in()]
read = asked.count("/.well-known/openid-configuration")
print(f"authlib {authlib.__version__}: before the change: {before}; after it: {after}; description read {read} time(s)")
sys.exit(0 if before == "logged in" and "logged in" not in after and read == 1 else 1)
PY
"$folder/venv/bin/python" "$folder/see.py"
