"""A push service on loopback and a browser that subscribed to it: what arrives is really decrypted, and its signature
really checked."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from backend.notifications.push import BrowserKeys
from tests.notifications.http_sink import HttpSink, Request


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Browser:
    """What a browser keeps to itself when it subscribes."""

    sink: HttpSink
    path: str = "/push/one"
    secret: bytes = b"0123456789abcdef"

    def __post_init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())

    @property
    def keys(self) -> BrowserKeys:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return BrowserKeys(self.sink.url + self.path, b64(point), b64(self.secret))

    @property
    def requests(self) -> list[Request]:
        return [request for request in self.sink.requests if request.path == self.path]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the service worker would be handed."""
        return [
            json.loads(
                http_ece.decrypt(request.body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
            )
            for request in self.requests
        ]


def signature_holds(request: Request) -> bool:
    """Whether the VAPID header is signed by the key it names (RFC 8292)."""
    return bool(Vapid02.verify(request.headers["authorization"]))
