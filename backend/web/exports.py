"""Every list as a file: two addresses, .csv and .xlsx, serve what `exchange.exports` defines.

The rows come from the selector of the list's page, so a file never holds a row that the page would not show.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.applications.board import record_export
from backend.exchange.exports.definition import MANY_VALUES, ListExport
from backend.exchange.tables import CONTENT_TYPES, Column, TableFormat, write_table

View = Callable[..., HttpResponse]


def table_response(
    request: HttpRequest, kind: str, *, name: str, columns: Sequence[Column[Any]], rows: Iterable[Any]
) -> HttpResponse:
    """The rows as a file to save. kind: csv or xlsx."""
    table_format = TableFormat(kind)
    response = HttpResponse(write_table(table_format, columns, rows), content_type=CONTENT_TYPES[table_format])
    response["Content-Disposition"] = f'attachment; filename="{name}.{table_format}"'
    if request.user.is_authenticated:
        patch_cache_control(response, no_store=True, private=True)
    return response


def _filters_of(request: HttpRequest, export: ListExport[Any], ids: dict[str, int]) -> dict[str, str]:
    """What the address says; an id in its path is called `<filter>_id`."""
    asked = {
        name: MANY_VALUES.join(request.GET.getlist(name)) if each.many else request.GET[name]
        for name, each in export.filters.items()
        if name in request.GET
    }
    return asked | {name.removesuffix("_id"): str(value) for name, value in ids.items()}


def export_view(export: ListExport[Any], *, door: Callable[[View], View]) -> View:
    """The view behind both addresses of a list. door: the access decorator of the list's page."""

    @door
    @require_safe
    def view(request: HttpRequest, kind: str, **ids: int) -> HttpResponse:
        filters = _filters_of(request, export, ids)
        # The search alone is open to strangers, and its rows are the same for everyone.
        user = cast("User", request.user)
        rows = list(export.rows(user, filters, None))
        if export.is_personal:
            record_export(actor=user, what=export.called(filters), rows=len(rows))
        return table_response(request, kind, name=export.called(filters), columns=export.columns, rows=rows)

    view.export = export  # type: ignore[attr-defined]
    return view


def export_paths(route: str, view: View, name: str) -> list[URLPattern]:
    """`route.csv` and `route.xlsx`, called `name_csv` and `name_xlsx`."""
    return [path(f"{route}.{kind}", view, {"kind": kind.value}, name=f"{name}_{kind}") for kind in TableFormat]
