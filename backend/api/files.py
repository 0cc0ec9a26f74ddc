"""Answers that are files, not JSON; refusals of theirs are problems in JSON as everywhere."""

from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from backend.api.views import ApiView
from backend.exchange.tables import CONTENT_TYPES, TableFormat

OCTETS = "application/octet-stream"


class _AsItIs(BaseContentNegotiation):
    """The file has one format, whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class FileView(ApiView):
    content_negotiation_class = _AsItIs

    def file(self, request: Request, content: bytes, table_format: TableFormat, name: str) -> HttpResponse:
        """name: without ending. Who asks for plain bytes by `Accept` is told that it is plain bytes."""
        wants_bytes = OCTETS in request.headers.get("Accept", "")
        response = HttpResponse(content, content_type=OCTETS if wants_bytes else CONTENT_TYPES[table_format])
        response["Content-Disposition"] = f'attachment; filename="{name}.{table_format}"'
        patch_cache_control(response, no_store=True, private=True)
        return response
