"""ETags and conditional requests (RFC 9110): 304 for what the caller has, 412 for what changed meanwhile."""

import hashlib
from typing import Any

from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from backend.api.problems import PreconditionFailed
from backend.api.rendering import FastJsonRenderer


def etag_of(content: bytes) -> str:
    """A strong tag of what is sent, equal for equal content."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the caller's copy (`If-None-Match`) is this one. Weak comparison, as for GET."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or tag in {each.removeprefix("W/") for each in known}


def require_match(request: Request, body: Any) -> None:
    """Raises PreconditionFailed when the caller has seen another version (`If-Match`). Without the header all is well.

    body: the representation of the locked row, as this caller reads it.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return
    wanted = parse_etags(header)
    if "*" not in wanted and etag_of(FastJsonRenderer().render(body)) not in wanted:
        raise PreconditionFailed(
            "precondition.changed", _("This was changed after you read it. Read it again, then change it.")
        )
