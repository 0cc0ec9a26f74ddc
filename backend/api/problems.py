"""Every refusal as problem details (RFC 9457), with the stable codes of the domain."""

import logging
import math
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from backend.common.errors import DomainError

CONTENT_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)
# Commands name a field of a row as the pages' forms do: `periods-0-start`.
_ROW = re.compile(r"^(\w+)-(\d+)-(\w+)$")

# The codes of what the framework refuses before a command is asked.
CODES: dict[type[exceptions.APIException], str] = {
    exceptions.ParseError: "request.unreadable",
    exceptions.NotAuthenticated: "login.required",
    exceptions.PermissionDenied: "csrf.failed",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method.not_allowed",
    exceptions.NotAcceptable: "request.not_acceptable",
    exceptions.UnsupportedMediaType: "request.media_type",
    exceptions.Throttled: "rate.exceeded",
}


class PreconditionFailed(DomainError):
    """The row is not the one the caller has seen any more."""

    status = 412


class UnprocessableKey(DomainError):
    """The idempotency key was used for another request."""

    status = 422


def problem(
    status_code: int,
    code: str,
    detail: object,
    *,
    errors: list[dict[str, str]] | None = None,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """errors: one {field, code, detail} for each input that is wrong. data: ids and numbers of the refusal."""
    body = {
        "type": f"urn:praktiknavet:problem:{code}",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "code": code,
        "detail": str(detail),
        "errors": errors or [],
        "data": dict(data or {}),
    }
    return Response(body, status=status_code, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Whatever the view wrote is undone by its transaction."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is nothing here, or it is not for you."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, DomainError):
        where = _ROW.sub(r"\1.\2.\3", error.field)
        errors = [{"field": where, "code": error.code, "detail": str(error.message)}] if where else []
        return problem(error.status, error.code, error.message, errors=errors, data=error.data)
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flatten(error.detail))
        return problem(status.HTTP_400_BAD_REQUEST, "request.invalid", _("Check what you sent."), errors=errors)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    if isinstance(error, OperationalError | InterfaceError):
        again = {"Retry-After": "5"}
        return problem(503, "service.unavailable", _("The database is away. Try again in a moment."), headers=again)
    # Told to whoever listens for crashes, then answered in the shape that programs read.
    got_request_exception.send(sender=type(context["view"]), request=context["request"]._request)  # noqa: SLF001 - Django's own request
    logger.error("unhandled error in %s", type(context["view"]).__name__, exc_info=error)
    return problem(500, "server.error", _("Something went wrong on our side. Try again in a moment."))


def _of_framework(error: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    code = CODES.get(type(error)) or str(getattr(error.detail, "code", "") or "request.refused")
    return problem(error.status_code, code, error.detail, headers=headers)


def _flatten(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested error details as one list; `periods.0.start` names the third field of the first row."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flatten(inner, ".".join(part for part in (path, own) if part))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            if isinstance(inner, Mapping | list):
                yield from _flatten(inner, ".".join(part for part in (path, str(number)) if part))
            else:
                yield from _flatten(inner, path)
    else:
        yield {"field": path, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}
