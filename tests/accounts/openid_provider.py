"""An OpenID provider on loopback: description, login page that says yes at once, tokens signed with a key of its own.

What it answers can be bent by a test through `claims` (put over the token's), `key` (signs instead of the published one),
`refuse`, `algorithm` and `called` (the issuer it says it is). Codes work once, and only with the verifier and the redirect
address they were asked for with.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "praktiknavet", "between-the-two-of-us"


@dataclass
class TestProvider:
    """issuer: its address. person: who is logged in there just now."""

    __test__ = False

    issuer: str = ""
    person: str = "elev-17"
    claims: dict[str, Any] = field(default_factory=dict)
    refuse: str = ""
    published: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"}))
    key: RSAKey | None = None
    algorithm: str = "RS256"
    called: str = ""
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.called or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": [self.algorithm],
            "subject_types_supported": ["public"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes next."""
        back = query["redirect_uri"]
        if self.refuse:
            return f"{back}?{urlencode({'error': self.refuse, 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self.asked[code] = query
        return f"{back}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """None for a request that a careful provider refuses."""
        query = self.asked.pop(form.get("code", ""), None)
        given = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if query is None or authorization != f"Basic {given}" or form.get("redirect_uri") != query["redirect_uri"]:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != query.get("code_challenge"):
            return None
        now = int(time.time())
        claims = {"iss": self.called or self.issuer, "sub": self.person, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        claims |= {"nonce": query["nonce"]} | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "one"}
        token = jwt.encode(header, claims, self.key or self.published, algorithms=[self.algorithm])
        return {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "expires_in": 300, "id_token": token}


def _handler(provider: TestProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if address.path == "/.well-known/openid-configuration":
                self._json(provider.description())
            elif address.path == "/keys":
                self._json({"keys": [provider.published.as_dict(private=False) | {"use": "sig"}]})
            elif address.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            found = provider.token(form, self.headers.get("Authorization", ""))
            self._json(found or {"error": "invalid_grant"}, 200 if found else 400)

        def _json(self, data: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler


@contextmanager
def running_provider() -> Iterator[TestProvider]:
    provider = TestProvider()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider)) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
