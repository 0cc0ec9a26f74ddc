"""Asking twice does it once: answers to POST requests, kept under the caller's `Idempotency-Key`.

The row is inserted before the work and committed with it. A second request with the same key waits at the unique index
until the first has committed, and then gets its answer; when the first was refused, nothing was kept and the second one
does the work.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from backend.api.models import IdempotentRequest
from backend.api.problems import UnprocessableKey
from backend.common import clock
from backend.common.errors import Conflict, Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=48)
LONGEST_KEY = 255
PATIENCE_MS = 5_000
KEPT_HEADERS = ("Location", "ETag")


def once(
    request: Request, principal: str, work: Callable[[], Response], *, keep: Callable[[Any], Any] = lambda body: body
) -> Response:
    """Does `work` in one transaction, unless the principal has had an answer under the request's key.

    keep(body): what of the answer is kept, for answers that must not be stored whole.
    Raises Invalid for a key that is none, UnprocessableKey when the key belongs to another request, and Conflict when
    the first request is still running after five seconds.
    """
    key = request.headers.get(HEADER)
    if key is None:
        with transaction.atomic():
            return work()
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid("idempotency.bad_key", _("A key has 1 to 255 printable ASCII characters."), field=HEADER)
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        row = _claim(principal, key, fingerprint)
        if row is None:
            return _replay(principal, key, fingerprint)
        response = work()
        row.status = response.status_code
        row.body = json.loads(json.dumps(keep(response.data), cls=JSONEncoder))
        row.headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
        row.save(update_fields=["status", "body", "headers"])
        return response


def _fingerprint(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n{body}".encode("utf-8", "replace")).hexdigest()


def _claim(principal: str, key: str, fingerprint: str) -> IdempotentRequest | None:
    """The new row, or None when the key has an answer."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = %s", [PATIENCE_MS])
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(
                principal=principal, key=key, fingerprint=fingerprint, created_at=clock.now()
            )
    except IntegrityError:
        return None
    except OperationalError as error:
        raise Conflict(
            "idempotency.in_progress", _("The first request with this key is still running. Ask again in a moment.")
        ) from error
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")


def _replay(principal: str, key: str, fingerprint: str) -> Response:
    row = IdempotentRequest.objects.get(principal=principal, key=key)
    if row.fingerprint != fingerprint:
        raise UnprocessableKey(
            "idempotency.other_request", _("This key was used for another request. Take a new key."), field=HEADER
        )
    return Response(row.body, status=row.status, headers={**row.headers, REPLAYED: "true"})
